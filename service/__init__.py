"""The service around the ledger: HTTP, the command, and the processes that run them.

A request passes `http` and its route (`routes`), which reads, calls one function and returns:
`ingest` for incoming reports, `reading` for queries, `feed` for the log itself. `keys`, `refusals`
and `webhooks` are stores with routes of their own; `shapes` are the responses. `projected` lends
the tables of projections. `composition` builds everything
from `settings`; `hosting` and `private_postgres` run it; `command` is the command line.

Begin with `app` and `ingest.report`.
"""
