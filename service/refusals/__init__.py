"""Reports that were refused: kept, so that they can be retried or dismissed.

`store` keeps them, `cursors` pages through them, `describing` presents them, `purging` deletes them
when they expire.
"""
