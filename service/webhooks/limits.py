"""The limits of sending, in one place, each with its reason."""

from typing import Final

from service.limits import DAY_S

# Webhooks of one ledger. Every event is queued once for each webhook that matches it.
WEBHOOKS_MAX: Final = 100

# From resolving the name to the head of the response. The docs ask receivers to put the message
# into a queue of their own and answer; a receiver that takes longer than this gets it again.
ATTEMPT_S: Final = 10.0

# How long a delivery belongs to the process that claimed it. It exceeds an attempt plus the wait
# for a database connection to store the outcome, so only a dead or frozen process loses one.
LEASE_S: Final = 25.0

# Messages in flight from one process, and to one webhook: a slow receiver takes a quarter.
IN_FLIGHT_MAX: Final = 32
IN_FLIGHT_PER_WEBHOOK_MAX: Final = 8

# Queued for one webhook. Beyond this the log itself is the queue: a receiver that is down for a day
# costs ten thousand rows, not a copy of the log.
PENDING_MAX: Final = 10_000

# Events queued in one transaction, and how far it searches for those that match a filter.
QUEUE_EVENTS: Final = 500
SCAN_POSITIONS: Final = 10_000

# The longest delay for noticing what other processes appended, and what has become due.
POLL_S: Final = 0.5

# Events that arrive one by one are queued several at a time.
GATHER_S: Final = 0.02

# The database is unavailable or busy.
RETRY_S: Final = 1.0

# How long messages in flight get when the service stops. The next process sends the rest again.
CLOSE_S: Final = 5.0

# Rotation: receivers have a day to switch. Only a few secrets, because each signs every message.
OLD_SECRET_S: Final = DAY_S
SECRETS_MAX: Final = 3

# Longer URLs are not real ones; servers refuse them as well.
URL_CHARACTERS_MAX: Final = 2_000

# The usual ports of https. Other ports of a public host may be anything, which a message could
# disturb.
PORTS: Final = frozenset({443, 8443})

# Addresses of one name that are tried in turn.
ADDRESSES_MAX: Final = 3

# Threads that query name servers. They are our own, so that a server that never answers delays some
# webhooks at most, and nothing else in the service.
RESOLVING_MAX: Final = 8
