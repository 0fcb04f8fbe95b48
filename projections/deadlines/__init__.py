"""Deadlines and the worklist: what is due, overdue and met."""
