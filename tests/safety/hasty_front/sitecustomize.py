"""Make every front started with this directory on its path answer for itself.

Python imports this automatically; the service under test is a command, and has no switch for it.
"""

import service.composition.connected
from tests.safety.unsafe import HastyConnection

vars(service.composition.connected)["Connection"] = HastyConnection
