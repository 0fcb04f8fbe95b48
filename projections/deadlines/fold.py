"""The fold of deadlines: from events to one row for each deadline ever started.

lead.qualified      at 7
deadline.started    at 9    a row: open until it is due
deadline.breached   at 12   breached, and not answered yet
lead.sales_accepted at 15   answered: the row is settled as late
deadline.met        at 16   or answered in time and only reported late: the row is settled as met
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple

from domain.event import Event
from domain.lead import state_json
from domain.lead.state import INITIAL_LEAD
from domain.lifecycle.definition import SubjectKind
from domain.rules.deadlines import MET

Outcome = Literal["met", "late", "left"]
IN_TIME: Final = "met"
LATE: Final = "late"
LEFT: Final = "left"


class DeadlineRow(NamedTuple):
    """One deadline of one lead. Contains no personal data."""

    started: int
    lead_id: str
    deadline: str
    stage: str | None
    started_at: datetime
    due_at: datetime
    owner: str | None
    team: str | None
    breached: int | None = None
    outcome: Outcome | None = None
    """None until it is settled."""
    settled: int | None = None
    settled_at: datetime | None = None


@dataclass(slots=True)
class Deadlines:
    """The memory of a generation. A class, because it is filled event by event."""

    leads: dict[str, dict[int, DeadlineRow]] = field(default_factory=dict)
    """Lead → its deadlines by position. A lead in this mapping has all of its deadlines here."""
    touched: dict[int, DeadlineRow] = field(default_factory=dict)

    def keep(self, row: DeadlineRow) -> None:
        self.leads.setdefault(row.lead_id, {})[row.started] = row
        self.touched[row.started] = row


def fold(deadlines: Deadlines, event: Event) -> None:
    """Apply one event to the deadlines of its lead."""
    receiver = event.receiver
    if receiver.kind is not SubjectKind.LEAD:
        return
    if "state" in event.effects:
        _restate(deadlines, receiver.id, event)
        return
    _answer(deadlines, receiver.id, event)
    if event.type == MET:
        _meet(deadlines, receiver.id, event)
    if event.stage_to is not None or event.effects.get("absorbed_by") is not None:
        for row in _running(deadlines, receiver.id):
            deadlines.keep(_settled(row, LEFT, event))
    if "owner" in event.effects or "team" in event.effects:
        _assign(deadlines, receiver.id, event)


def _answer(deadlines: Deadlines, lead_id: str, event: Event) -> None:
    """Start deadlines, breach them, or settle them as late, as the event states."""
    for name, effect in event.effects.get("deadlines", {}).items():
        if effect is None:
            for row in _running(deadlines, lead_id):
                if row.deadline == name and event.type != MET:
                    deadlines.keep(_settled(row, LATE, event))
        elif effect.get("breached"):
            for row in _running(deadlines, lead_id):
                if row.deadline == name:
                    deadlines.keep(row._replace(breached=event.position))
        else:
            deadlines.keep(
                DeadlineRow(
                    started=event.position,
                    lead_id=lead_id,
                    deadline=name,
                    stage=effect["stage"],
                    started_at=event.occurred_at,
                    due_at=datetime.fromisoformat(effect["due"]),
                    owner=event.data.get("owner"),
                    team=event.data.get("team"),
                )
            )


def _restate(deadlines: Deadlines, lead_id: str, event: Event) -> None:
    """Adopt the deadlines of the restated state; those that no longer run are settled as left."""
    runs = state_json.restored(INITIAL_LEAD, event.effects["state"]).deadlines
    for row in _running(deadlines, lead_id):
        if row.deadline not in runs or runs[row.deadline].due_at != row.due_at:
            deadlines.keep(_settled(row, LEFT, event))
    for name, due in runs.items():
        rows = deadlines.leads.get(lead_id, {})
        same = [row for row in rows.values() if (row.deadline, row.due_at) == (name, due.due_at)]
        if same:
            again = max(same)
            deadlines.keep(again._replace(outcome=None, settled=None, settled_at=None))
            continue
        # The report that started it or, if that report started another deadline, this event.
        started = event.position if due.started in rows else due.started
        deadlines.keep(
            DeadlineRow(
                started=started,
                lead_id=lead_id,
                deadline=name,
                stage=due.stage,
                started_at=event.occurred_at,
                due_at=due.due_at,
                owner=event.effects["state"].get("owner"),
                team=event.effects["state"].get("team"),
                breached=due.breached,
            )
        )


def _meet(deadlines: Deadlines, lead_id: str, event: Event) -> None:
    """Settle the newest deadline of that name as met, even if the answer itself ended the stay."""
    name, due_at = event.data["deadline"], datetime.fromisoformat(event.data["due"])
    rows = [
        row
        for row in deadlines.leads.get(lead_id, {}).values()
        if row.deadline == name and row.due_at == due_at
    ]
    if rows:
        deadlines.keep(_settled(max(rows), IN_TIME, event))


def _assign(deadlines: Deadlines, lead_id: str, event: Event) -> None:
    for row in _running(deadlines, lead_id):
        owner = event.effects.get("owner", row.owner)
        deadlines.keep(row._replace(owner=owner, team=event.effects.get("team", row.team)))


def _running(deadlines: Deadlines, lead_id: str) -> list[DeadlineRow]:
    return [row for row in deadlines.leads.get(lead_id, {}).values() if row.outcome is None]


def _settled(row: DeadlineRow, outcome: Outcome, event: Event) -> DeadlineRow:
    return row._replace(outcome=outcome, settled=event.position, settled_at=event.occurred_at)
