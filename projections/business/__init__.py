"""What was won, and whose work it was.

`fold` turns events into pieces of business, `projection` stores them. `won_business` says what
counts as one piece, `credit` divides it among the touches before it, `queries` answers by period.
"""
