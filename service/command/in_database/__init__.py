"""What some commands do in the ledger's own database, where others ask a running service.

It takes SQLAlchemy, Alembic and the driver, which take longer to import than a command may take to
start. So a command imports its module here in its body, when its help has not been asked for and
its arguments are right; a rule of the linter in pyproject.toml keeps it from being imported sooner.
"""
