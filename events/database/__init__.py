"""Database access: sessions, named statements, failures.

`statements` reads the `.sql` files, `sessions` lends connections from the pool, `failures` defines
what can go wrong, and `connected` reads what is linked to one another.
"""
