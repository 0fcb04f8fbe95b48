"""Whether a ledger is right, as far as its own records can show.

`verify` reads every record once and hands it to the checks: `tree` recomputes the root,
`row_audit` compares columns with records, `audit` decides every event again, `key_audit` does the
same for keys. `findings` counts what differs and keeps the first examples.

Begin with `verify`.
"""
