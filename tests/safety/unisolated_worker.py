"""The faulty worker, but without the isolation that confines a fault to one item.

    python -m tests.safety.unisolated_worker SOCKET_FD READY_FD PARENT_PID

The negative twin of the isolation test.
"""

from unittest.mock import patch

from events.append.ledger import Ledger
from events.append.plan import Plan
from tests.safety import faulty_worker


async def give_up(_: Ledger, __: object, error: Exception) -> None:
    raise error


if __name__ == "__main__":
    with (
        patch.object(Plan, "_take", Plan._decide),
        patch.object(Ledger, "_halve", give_up),
    ):
        faulty_worker.main()
