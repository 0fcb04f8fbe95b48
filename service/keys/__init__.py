"""API keys: who may report and ask what, and the changes of that as events of the ledger.

`key_text` is the form of a key, `scopes` and `terms` what it may do, `checking` and `granting` who
may give which rights. `store` keeps keys and records each change in the same transaction
(`key_records`); `directory` answers for every request from memory, with `rates` for its allowance.
"""
