"""Background work of the writer: timers and reassessment, in short strides.

`timekeeper` wakes leads whose timers are due, `reassessor` brings leads under a new version of the
lifecycle. Both submit their work to the queue like any sender; `strides` paces it so that others do
not wait, and `loops` keeps a loop running when one of its steps fails.
"""
