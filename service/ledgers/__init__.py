"""All ledgers of a database: where each one is, and how large.

A ledger is a schema, and no query crosses schemas, so a Citus cluster can keep each ledger as a
whole on one of its nodes. `node` finds that node, and `following` keeps a service connected to it;
`listing` describes all ledgers.
"""
