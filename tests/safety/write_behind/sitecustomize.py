"""Make every process that starts with this directory on its path answer before it writes.

Python imports this by itself; a service under test is a command, and has no switch for it.
"""

import service.composition
from tests.safety.unsafe import WriteBehindLedger

vars(service.composition)["Ledger"] = WriteBehindLedger
