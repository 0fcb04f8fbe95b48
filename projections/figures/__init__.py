"""Figures: each defined once, in words and as a relation of what it counts.

A figure is a relation of *members*: one row for each stay or pass that counts, with the row of the
answer that it belongs to, the measures that it counts for, its value of the breakdown, and the
event by which it counts. A number is the count of some members; the leads behind a number are
those members. One statement counts the relation, another lists it, and both include the same file,
so a list always has as many entries as its number says.

Members are read from the stays that the funnel projects. A stay knows since when and until when it
counted, so `as_of` and `known_at` need no further tables, and no figure can disagree with another
about a stage. Figures about deadlines and deals also read the tables of those projections
(`reads`), each member in the stay of its lead.

`definition` says what a figure consists of, `catalogue` lists them all, `stages` and `over_time`
define them, `question` is what can be asked, `queries` answers, and `comparing` says why two
answers differ.
"""
