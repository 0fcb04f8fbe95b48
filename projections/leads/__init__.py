"""The directory: all leads and companies in their current state.

`fold` turns events into rows, `projection` stores them, `queries` finds them, page by page.
"""
