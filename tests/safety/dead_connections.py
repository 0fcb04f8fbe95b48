"""What tests bear with that kill databases and services.

A connection whose other end was killed, or whose task was cancelled, leaves its socket to the
garbage collector, and the warning to whichever test runs then. So the test that killed it collects.
"""

import pytest

DEAD_CONNECTIONS = [
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
