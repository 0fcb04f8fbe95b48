"""Who there is and how each one stands: the list of leads and companies.

`fold` turns events into rows, `projection` stores them, `queries` finds them, page by page.
"""
