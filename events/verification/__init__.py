"""Verify that a ledger is correct, as far as its own records can show.

`verify` reads every record once and passes it to the checks: `tree` recomputes the root,
`row_audit` compares columns with records, `audit` decides every event again, `key_audit` checks
events about keys, `reads_audit` who saw personal data. `findings` counts differences and keeps the
first examples.

Begin with `verify`.
"""
