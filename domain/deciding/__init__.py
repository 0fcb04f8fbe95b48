"""From a signal, a timer or a new version of the lifecycle to the events that record it.

`decide` handles a signal: `refusal` explains why a move is not allowed, `consequences` applies the
rules in order, and `automation` makes the moves that need no further event. `timers` decides what
time alone causes, `reassess` what a new version causes, and `redecide` what a history would have
become with some of its events taken back.

Begin with `decide`.
"""
