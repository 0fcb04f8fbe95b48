"""What a sender calls the events by which it revises its own earlier reports.

They are named after the report's id, so that whoever revises a table again finds what has been done
before, also after a crash. A sender's own ids may contain a tilde: nothing is concluded from that.
"""

from domain.lifecycle.service_events import CORRECTED, VOIDED


def void_id(id: str) -> str:
    """Return the id of the event that voids a report, so that it can be reported otherwise."""
    return f"{id}~voided"


def correction_id(id: str, number: int) -> str:
    """Return the id of the n-th correction of a report; the first is 1."""
    return f"{id}~corrected/{number}"


def report_id(id: str, number: int) -> str:
    """Return the id under which the n-th report of the same row is sent; the first has its own."""
    return id if number == 1 else f"{id}~{number}"


def is_revision(type: str, id: str, of: str) -> bool:
    """Tell whether an event of this type and id revises the report of another id."""
    if type == VOIDED:
        return id == void_id(of)
    prefix, _, number = id.rpartition("/")
    return type == CORRECTED and f"{prefix}/" == correction_id(of, 0)[:-1] and number.isdecimal()
