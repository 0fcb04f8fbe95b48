"""Targets that departments have set, and periods that were closed, with every revision."""
