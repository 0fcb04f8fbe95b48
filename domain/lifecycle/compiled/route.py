"""The meaning of a move on the path of its track: the stages it passes over, and its kind."""

from domain.lifecycle.definition import UNPLACED, Move, MoveKind, Track


def passed_over(track: Track, *, source: str, to: str) -> tuple[str, ...]:
    """Return the stages of the path between two stages, which are never recorded as visited.

    A first move passes over nothing when it leads to an entry stage; otherwise it is measured
    from the nearest entry stage before its target. From a stage off the path the answer is empty,
    because the stage does not show how far the lead had come.
    """
    if to not in track.path:
        return ()
    end = track.path.index(to)
    if source == UNPLACED:
        entries = [track.path.index(stage) for stage in track.entry if stage in track.path]
        begin = max((entry for entry in entries if entry <= end), default=0)
        return track.path[begin:end]
    if source not in track.path:
        return ()
    return track.path[track.path.index(source) + 1 : end]


def kind_of(track: Track, move: Move, *, source: str) -> MoveKind | None:
    """Return how the move ends the stay that it leaves; None for a move that stays.

    A further pass of a lead that reached the end of the path is not recycling: that journey was
    completed, so its last stay ends by advancing. Coming back from off the path is a return, unless
    the lifecycle says otherwise.
    """
    if move.stays:
        return None
    if move.kind is not None:
        return move.kind
    if source == UNPLACED:
        return MoveKind.ENTERED
    if ends := track.stages[move.to].ends:
        return ends
    if move.begins_pass:
        return MoveKind.ADVANCED if source == track.path[-1] else MoveKind.RECYCLED
    return MoveKind.ADVANCED if _is_forward(track, source, move.to) else MoveKind.RETURNED


def _is_forward(track: Track, source: str, to: str) -> bool:
    if source not in track.path or to not in track.path:
        return False
    return track.path.index(source) < track.path.index(to)
