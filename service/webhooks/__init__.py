"""Webhooks: the log sent to others, event by event, signed, at least once, in order per lead.

The queue is in the database: what is still to be sent, how often it was tried, when to retry.
`dispatcher` takes due deliveries from it, in any process; `client` sends one message to a public
address; `store` keeps the addresses and the secrets for signing.
"""
