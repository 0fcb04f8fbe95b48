"""A lifecycle compiled for fast look-ups.

`machine` builds the state machine on `transitions` and is the only module that imports it. `table`
compiles machine, rules and names into look-ups that cost a fraction of a microsecond; a law
verifies that both give the same answers. `route` finds paths between stages, and `business_time`
counts business hours.

Begin with `table`.
"""
