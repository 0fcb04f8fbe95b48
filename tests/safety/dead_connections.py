"""Warnings that are expected in tests that kill databases and services.

If the other end of a connection is killed, or its task is cancelled, the garbage collector closes
the socket, and the warning goes to whichever test runs then. So the test that killed it collects.
"""

import pytest

DEAD_CONNECTIONS = [
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
