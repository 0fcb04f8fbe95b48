"""API keys: who may report and read what, with every change recorded as an event of the ledger.

`key_text` is the form of a key, `scopes` and `terms` define what it may do, `checking` and
`granting` decide who may grant which rights. `store` keeps keys and records each change in the same
transaction (`key_records`); `directory` answers every request from memory, with `rates` for rate
limits.
"""
