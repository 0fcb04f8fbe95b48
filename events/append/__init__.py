"""From the queue to the committed row.

`queue` collects what is waiting into one batch, and `admission` bounds how long newcomers wait.
`ledger` runs a batch in one transaction: `loader` reads what it needs, `plan` decides it event by
event (`resolve` finds the subjects of an event, `decide` asks the domain), `statement_arguments`
turns the result into arguments for the statement that appends. `setting_aside` notes what cannot be
decided, `condition` reports how appends go, and `locked` does other work under the same lock.

Begin with `queue`, then `ledger` and `plan`.
"""
