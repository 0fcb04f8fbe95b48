"""The writer in a process of its own, and how the other processes reach it.

`messages` is the schema of what crosses the socket, `frames` divides the stream into messages.
`server` takes submissions to the queue and returns their outcomes; `connection` is the queue as
every other process sees it. Nothing is acknowledged here: what a client is told comes from the
writer's commit.

Start with `connection`, then `server`.
"""
