"""Views of the log: one package per question, and one engine that keeps them up to date.

Every projection folds the records of the log, from first to last, into tables, and can be rebuilt
from scratch while the old tables serve queries. `engine` does that for all of them, and `catalogue`
lists them. `funnel` holds current and past stages, `leads` the current leads and accounts,
`business` what was won and who is credited, and `deadlines` what is due.

Start with `engine.projection` and `funnel.fold`.
"""
