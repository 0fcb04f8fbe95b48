"""One piece of work for everybody who asks for its result at the same time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


class Shared(Generic[Result]):
    """The work under way, if any. A class, because those who come later find it here.

    It is not cancelled when the time of one asker is up: the next one needs it as well. It has to
    bound itself.
    """

    def __init__(self) -> None:
        self._under_way: asyncio.Task[Result] | None = None

    async def result(
        self, begin: Callable[[], Coroutine[Any, Any, Result]], *, wait_s: float
    ) -> Result | None:
        """Return the result of what is under way or is begun now; None if it takes longer."""
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(begin(), name="shared-work")
        under_way = self._under_way
        done, _ = await asyncio.wait((under_way,), timeout=wait_s)
        return under_way.result() if done else None
