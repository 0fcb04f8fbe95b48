"""What is due, overdue and kept: deadlines and the worklist."""
