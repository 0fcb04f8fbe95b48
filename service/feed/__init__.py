"""The log as others read it: live.

`appends` wakes those who wait, `tail` reads what is new once for all of them, `event_stream` sends
it as server-sent events.
"""
