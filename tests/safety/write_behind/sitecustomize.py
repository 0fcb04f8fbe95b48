"""Make every process started with this directory on its path answer before it writes.

Python imports this automatically; the service under test is a command, and has no switch for it.
"""

import service.composition.writer
from tests.safety.unsafe import WriteBehindLedger

vars(service.composition.writer)["Ledger"] = WriteBehindLedger
