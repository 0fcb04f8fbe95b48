"""From a body of reports to the answer that says what became of each.

`report` takes native events: one, a batch or a stream (`stream`); `collect` takes messages of
other clients. `read_items` turns each item into a signal or a refusal, `describe_outcomes` and
`tally` write the answer, `refusal_labels` words it, and `wait_for_queue` waits for a place in the
queue and lets others have their turn.

Begin with `report`.
"""
