"""Views of the log: one package per question, and one engine that keeps them up to date.

Every projection folds the records of the log into tables, from the first to the last, and can be
rebuilt from nothing while the old tables answer. `engine` does that for all of them, `catalogue`
lists them. `funnel` answers where leads are and were, `leads` who there is, `business` what was won
and whose work it was, `deadlines` what is due.

Begin with `engine.projection` and `funnel.fold`.
"""
