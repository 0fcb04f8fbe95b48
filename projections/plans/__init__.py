"""Targets that departments have set: what was planned for which days, and every revision of it."""
