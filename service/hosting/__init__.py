"""Run servers: a database, the processes that serve, and their end."""
