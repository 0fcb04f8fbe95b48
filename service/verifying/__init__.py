"""Verification of a ledger from outside: nothing is written to the ledger's database."""
