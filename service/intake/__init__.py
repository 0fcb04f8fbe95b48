"""How much came in from each source, and what became of it.

The writer counts with each batch (`events.batch.intake`); `unrecorded` counts what is answered
without it. `store` reads the counts, `describing` presents them.
"""
