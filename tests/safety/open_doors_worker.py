"""The service as its worker runs it, without the bounds on bodies: there is room for everything.

    python -m tests.safety.open_doors_worker SOCKET_FD READY_FD PARENT_PID

The negative twin of the test of the doors.
"""

from unittest.mock import patch

from service.hosting import worker

ENDLESS = 10**12

if __name__ == "__main__":
    with (
        patch("service.bodies.inflation.GZIP_MEMBERS_MAX", ENDLESS),
        patch("service.bodies.body_memory.MemoryBudget.has", lambda *_, **__: True),
    ):
        worker.main()
