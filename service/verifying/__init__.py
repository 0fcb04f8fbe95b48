"""Verification of a ledger from outside: nothing is written where the ledger is."""
