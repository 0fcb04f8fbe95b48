"""How the database is reached: sessions, named statements, failures.

`statements` reads the `.sql` files, `sessions` opens connections with the settings that the ledger
needs, `failures` names what can go wrong.
"""
