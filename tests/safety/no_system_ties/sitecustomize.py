"""Take from every process what only Linux has to bind it to its parent, as on other systems.

Python imports this automatically from the path that a test sets.
"""

import ctypes
from typing import Any


class OtherSystem(ctypes.CDLL):
    """A C library without Linux's own functions."""

    def __getattr__(self, name: str) -> Any:
        if name in {"prctl", "mallopt"}:
            raise AttributeError(name)
        return super().__getattr__(name)


vars(ctypes)["CDLL"] = OtherSystem
