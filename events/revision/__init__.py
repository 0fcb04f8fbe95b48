"""Merge, void, correct, unlink: decide again.

`decisions` handles the events that take something back. `affected` collects the leads and accounts
whose histories depend on it, `past` and `planned_past` hold those histories, `reports` returns what
was reported without what is taken back, `redecide` decides it again, and `restate_leads` and
`restate_accounts` record the difference. `merge_accounts` merges two companies.

Begin with `decisions`.
"""
