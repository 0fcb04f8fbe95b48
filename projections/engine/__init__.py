"""The engine that makes projections follow the log.

`projection` defines what a projection must provide. `runner` follows the log for all of them, and
`advance` folds records into rows and moves checkpoints in the same transaction. `checkpoints` tells
any process how far they have read. `generations` keeps the rows of a rebuild separate until they
replace the live ones, `rebuild` builds them, and `replica` builds the same rows in a separate
database for verification.

Start with `projection`, then `runner`.
"""
