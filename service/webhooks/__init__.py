"""Webhooks: the log sent to others, event by event, signed, at least once, in order per lead.

The queue is in the database: what is still to be sent, how often it was tried, when to try again.
`dispatcher` takes from it whatever is due, in any process; `client` sends one message to an address
that is public; `store` keeps where to send to, and the secrets that sign.
"""
