"""Answers to questions about leads, funnels and the service itself.

One module per subject: each takes what a route was asked and returns what it answers. `leads` finds
a lead, `histories` and `replays` show its past, `funnels` and `contributions` the figures,
`comparing` what of a table is recorded, `readiness` whether the service works.
"""
