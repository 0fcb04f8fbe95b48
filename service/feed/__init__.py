"""The log as it is read from outside: live.

`appends` wakes waiting readers, `tail` reads new events once for all of them, `event_stream` sends
them as server-sent events.
"""
