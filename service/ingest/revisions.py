"""The ids of the events by which a sender revises its own earlier reports.

They are derived from the report's id, so that a repeated revision of a table finds what has been
done before, even after a crash. A sender's own ids may contain a tilde; this module concludes
nothing from that.
"""

from domain.lifecycle.service_events import CORRECTED, VOIDED


def void_id(id: str) -> str:
    """Return the id of the event that voids a report, so that it can be reported differently."""
    return f"{id}~voided"


def correction_id(id: str, number: int) -> str:
    """Return the id of the n-th correction of a report; the first is 1."""
    return f"{id}~corrected/{number}"


def report_id(id: str, number: int) -> str:
    """Return the id of the n-th report of the same row; the first keeps its own id."""
    return id if number == 1 else f"{id}~{number}"


def is_revision(type: str, id: str, of: str) -> bool:
    """Return whether an event of this type and id revises the report with id `of`."""
    if type == VOIDED:
        return id == void_id(of)
    prefix, _, number = id.rpartition("/")
    return type == CORRECTED and f"{prefix}/" == correction_id(of, 0)[:-1] and number.isdecimal()
