"""From a body of reports to the response that gives the outcome of each.

`report` takes native events: one, a batch or a stream (`stream`); `collect` takes messages of other
services' clients; `reporting` has what all of them need. `read_items` turns each item into a signal
or a refusal, `describe_outcomes` and `tally` build the response, `labels` words it, and
`wait_for_queue` waits for a place in the queue and yields to other requests.

Begin with `report`.
"""
