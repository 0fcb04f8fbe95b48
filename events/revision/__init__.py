"""Merge, void, correct, unlink: decide again.

`decisions` handles the events that take something back. `affected` collects everybody whose
history depends on it, `past` and `planned_past` hold their histories, `reports` says what was
reported without what is taken back, `redecide` decides all of it again, and `restate_leads` and
`restate_accounts` record the difference. `merge_accounts` makes two companies one.

Begin with `decisions`.
"""
