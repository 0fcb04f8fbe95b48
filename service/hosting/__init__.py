"""Run servers: a database, the worker processes, and their shutdown."""
