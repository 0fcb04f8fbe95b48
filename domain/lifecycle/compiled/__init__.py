"""A lifecycle laid out for speed.

`machine` builds the state machine on `transitions`, the only module that imports it. `table`
compiles machine, rules and names into look-ups that cost a fraction of a microsecond; a law holds
both to the same answers. `route` finds paths between stages, `inert` the event types that can
change nothing, `business_time` counts business hours.

Begin with `table`.
"""
