"""Won business, and who is credited for it.

`fold` turns events into rows and `projection` stores them. `won_business` combines them into units
of business, `people` says what is known about those who bought, `credit` decides by several
policies which units are marketing's, and `queries` answers by period.
"""
