"""What is true of leads, as pure functions on values: no clock, no randomness, no I/O.

An `event` has happened; a `signal` is a report that may become one. `deciding` turns a signal into
the events that record it and its consequences: the `case` is the decision in progress, `rules` add
what each section of the lifecycle asks for, and `effects` are what an event changes apart from the
stage. `lead` holds what is known about a lead or company and how an event changes it. `lifecycle`
is the definition that companies write; `lifecycles` contains the three that are shipped.

Begin with `event`, `lead.state` and `deciding.decide`.
"""
