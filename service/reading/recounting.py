"""How a lead stood at a moment of which something has been taken back since.

The events of then show what was decided then. What counts of it is decided again, as it was when it
was taken back: from the reports, without those that were voided, with the others as corrected.
"""
