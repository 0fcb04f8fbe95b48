"""How an event gets into the ledger, and proof that the ledger is right.

`signals` turns bytes into a signal or a refusal; `append` takes batches of submissions from the
queue to the committed rows; `batch` is the ledger as the current batch would leave it. `revision`
takes something back, `lifecycles` publishes definitions, `selections` ranks candidates,
`background` does what is due. `verification` decides everything again and compares. `records`
defines the stored form of an event, CloudEvents JSON, hashed; `personal` defines the rows outside
it, which an erasure removes.

Begin with `records` and `append.queue`.
"""
