"""Answers to questions about leads, funnels and the service itself.

One module per subject: each takes the parameters of a route and returns its response. `leads` finds
a lead, `histories` and `replays` show its past, `funnels` and `contributions` the figures,
`comparing` compares reports with the log, `readiness` checks whether the service works.
"""
