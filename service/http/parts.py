"""The parts of the running service, as requests find them: by their class.

The composition root makes every part. A route asks for those that it uses, so its imports show
which these are, and passes them on to the functions that it calls. They are looked up in the
function of the route, because declaring one as a dependency of FastAPI costs about 8 µs per
request.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

Part = TypeVar("Part")

Parts = dict[type[Any], Any]
"""Each part by its class."""


def part_of(request: Mapping[str, Any], kind: type[Part]) -> Part:
    """Return the service's part of this class. `request` may be the ASGI scope of one."""
    part: Part = request["app"].state.parts[kind]
    return part
