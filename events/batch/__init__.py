"""The ledger as this batch would leave it.

`memory` holds the states that the writer remembers between batches. `draft` is an overlay with the
batch's own changes: an event sees the effects of the events before it in the same batch, and a
batch that fails leaves the memory unchanged. `upkeep` fires due timers and brings leads under a new
lifecycle version. `ids` and `entries` make what is appended.

Begin with `draft`.
"""
