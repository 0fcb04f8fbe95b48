"""The ledger as this batch would leave it.

`memory` holds the states that the writer remembers between batches. `draft` lays the batch's own
changes over it: what an event reads is what the events before it in the same batch have left, and
a batch that fails leaves the memory as it was. `upkeep` gives leads that a new version or a timer
concerns their turn; `ids` and `entries` make what is appended.

Begin with `draft`.
"""
