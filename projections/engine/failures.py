"""Failures of a projection. None of these affects the ledger itself."""


class ProjectionFailure(Exception):
    """A projection cannot continue in its current state."""


class FoldFailed(ProjectionFailure):
    """A projection cannot process an event. It stops before that event until the cause is fixed.

    The message names the type of error and the position, never the content of the event.
    """

    def __init__(self, cause: BaseException, position: int, *, is_batch: bool = False) -> None:
        self.position = position
        where = "in the batch from position" if is_batch else "at position"
        super().__init__(f"{type(cause).__name__} {where} {position}")


class ProjectionUnknown(ProjectionFailure):
    """No projection of this name has a checkpoint. Start a runner for it first."""


class NotYetProjected(ProjectionFailure):
    """The projection has not reached the position in time. Try again, or check its lag."""


class RebuildSuperseded(ProjectionFailure):
    """Another rebuild of the same projection has begun and superseded this one."""


class RebuildUnderWay(ProjectionFailure):
    """Another process is rebuilding this projection. Wait until it has finished."""


class MomentUnreadable(ValueError):
    """A moment, position or period that cannot be queried."""
