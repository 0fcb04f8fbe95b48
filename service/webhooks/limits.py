"""Bound what sending takes, in one place, each bound with its reason."""

from typing import Final

# Webhooks of one ledger. Every event is queued once for each that wants it.
WEBHOOKS_MAX: Final = 100

# From the name's resolution to the head of the answer. Receivers are told to put the message into
# a queue of their own and answer; whoever works longer than this will be sent it again.
ATTEMPT_S: Final = 10.0

# How long a delivery belongs to the process that took it: more than an attempt and the wait for a
# connection to note it, so that only a process that has died or stood still loses one.
LEASE_S: Final = 25.0

# Messages under way from one process, and to one webhook: a slow receiver takes a quarter.
IN_FLIGHT_MAX: Final = 32
IN_FLIGHT_PER_WEBHOOK_MAX: Final = 8

# Queued for one webhook. Beyond this the log itself is the queue: a receiver that is away for a
# day costs ten thousand rows, not a copy of the log.
PENDING_MAX: Final = 10_000

# Events queued in one transaction, and how far it looks for those that a filter lets through.
QUEUE_EVENTS: Final = 500
SCAN_POSITIONS: Final = 10_000

# What other processes appended, and what has become due, is seen this late at most.
POLL_S: Final = 0.5

# Events that come one by one are queued some at a time.
GATHER_S: Final = 0.02

# The database is away or busy.
RETRY_S: Final = 1.0

# What messages under way get when the service stops. The rest is sent again by the next process.
CLOSE_S: Final = 5.0

# Rotation: receivers have a day to change over. A few secrets, because each signs every message.
OLD_SECRET_S: Final = 24 * 3600
SECRETS_MAX: Final = 3

# Longer addresses are no addresses; servers refuse them as well.
URL_CHARACTERS_MAX: Final = 2_000

# Where https is served. Other ports of a public host may be anything that a message could upset.
PORTS: Final = frozenset({443, 8443})

# Addresses of one name that are tried in turn.
ADDRESSES_MAX: Final = 3

# Threads that ask name servers: our own, so that one that never answers holds up some webhooks at
# most, and nothing else of the service.
RESOLVING_MAX: Final = 8
