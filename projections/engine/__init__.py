"""How a projection follows the log.

`projection` says what one must provide. `follower` folds records into rows and `advance` moves the
checkpoint in the same transaction; `runner` does this for all of them. `generations` keeps the
rows of a rebuild apart until they replace the live ones, `rebuild` makes them, and `replica`
builds the same in a database of its own for verification.

Begin with `projection`, then `follower`.
"""
