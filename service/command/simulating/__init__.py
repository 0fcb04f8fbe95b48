"""A simulated market: companies, people and what they do. The same seed makes the same market.

`journeys.yaml` describes what happens to whom, and explains its notation; `playing` plays it.
`market` makes the people, `stream` plays all journeys at once, `desk` decides afterwards.
"""
