"""The composition root: everything the service uses is built once here, and closed in order.

Three roles make up a service. The writer decides and appends. Fronts answer requests. The reader
keeps projections up to date and does whatever else runs in the background. `writer`, `front` and
`background` each open one of them; the last two are `connected` to the writer by a socket. `whole`
takes all of them into one process. `basics` is what they have in common.

A process imports its own role only, so that a writer that has died is back within a second.

Start with `whole`.
"""
