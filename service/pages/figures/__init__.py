"""Pages of figures, and the lists behind their numbers.

A page asks the figures that the API has, through `asking`, which gives every number the address of
its list; `members` is that list.
"""
