"""The service as its worker runs it, but without the bounds of the queue: it accepts everything.

    python -m tests.safety.unbounded_worker SOCKET_FD READY_FD PARENT_PID

The negative twin of the overload test.
"""

from unittest.mock import patch

from service.hosting import worker

if __name__ == "__main__":
    with (
        patch("events.append.admission.QUEUE_WAIT_S_MAX", 1e9),
        patch("events.submission_queue.WAITING_ITEMS_MAX", 10**9),
    ):
        worker.main()
