"""What can go wrong with a projection. None of these says anything about the ledger itself."""


class ProjectionFailure(Exception):
    """A projection cannot go on as it is."""


class FoldFailed(ProjectionFailure):
    """A projection cannot take an event. It stands before that event until the cause is mended.

    The message names the kind of error and the position, never what the event holds.
    """

    def __init__(self, cause: BaseException, position: int, *, is_batch: bool = False) -> None:
        self.position = position
        place = "in the batch from position" if is_batch else "at position"
        super().__init__(f"{type(cause).__name__} {place} {position}")


class ProjectionUnknown(ProjectionFailure):
    """No projection of this name has a checkpoint. Start a runner for it first."""


class NotYetProjected(ProjectionFailure):
    """The projection has not come so far in the time given. Ask again, or look at its lag."""


class RebuildSuperseded(ProjectionFailure):
    """Another rebuild of the same projection has begun, and this one has given way to it."""


class MomentUnreadable(ValueError):
    """A moment or a position that nothing can be asked for."""
