"""The engine that makes projections follow the log.

`projection` defines what a projection must provide. `follower` follows the log with one projection:
`advance` folds records into rows and moves the checkpoint in the same transaction. `runner` does
this for all projections. `generations` keeps the rows of a rebuild separate until they replace the
live ones, `rebuild` builds them, and `replica` builds the same rows in a separate database for
verification.

Start with `projection`, then `follower`.
"""
