"""Background work on the ledger: timers, reassessment and long histories, in short strides.

`timekeeper` wakes leads whose timers are due, `reassessor` brings leads under a new version of the
lifecycle. Both run in the reader and submit their work to the queue like any sender. `preparer`, in
the writer, decides pending leads before the batch that wakes them. `strides` paces the work so that
others do not wait, and `loops` keeps a loop running when one of its steps fails.
"""
