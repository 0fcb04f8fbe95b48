"""How an event gets into the ledger, and proof that the ledger is right.

`signals` turns bytes into a signal or a refusal; `append` takes batches of submissions from the
queue to the committed rows; `batch` is the ledger as the current batch would leave it. `revision`
takes something back, `lifecycles` publishes definitions, `selections` ranks candidates,
`background` does what is due. `verification` decides everything again and compares. `records` is
the form in which an event is stored: CloudEvents JSON, hashed.

Begin with `records` and `append.queue`.
"""
