"""From the queue to the committed row.

`queue` collects what is waiting into one batch, and `admission` bounds how long newcomers wait.
`ledger` runs a batch in one transaction: `loader` reads what it needs, `plan` decides it event by
event (`resolve` finds whom an event is about, `decide` asks the domain, `duplicates` compares
resent events), `statement_arguments` turns the result into arguments for the one statement that
appends. `locked` does other work under the same lock, `found` begins a ledger.

Begin with `queue`, then `ledger` and `plan`.
"""
