"""Random histories of the demand funnel: few people, few companies, every event type."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from domain.lifecycle.compiled.table import CompiledLifecycle
from domain.lifecycle.definition import EventKind, EventType, Field
from domain.lifecycle.service_events import is_offered
from events.signals.sender import Sender
from tests.support.ledger_in_memory import EVERY_RIGHT, LedgerInMemory
from tests.support.stories import day, demand_funnel, returning_funnel

LIFECYCLE = demand_funnel(competitors=("rival.example",)).lifecycle
TYPES = tuple(one for one in LIFECYCLE.events.values() if not one.reserved)
EMAILS = (
    *("hanako@acme.example", "taro@acme.example", "jiro@other.example", "saburo@other.example"),
    *("x@gmail.com", "y@rival.example"),
)
STRANGER = "01930000-0000-7000-8000-000000000000"
NOBODY = "00000000-0000-0000-0000-000000000000"


class Step(NamedTuple):
    """One event to send. `by_id` means the n-th subject that the ledger then has."""

    type: EventType
    at: int
    lead: dict[str, Any]
    account: dict[str, Any]
    lead_by_id: int | None
    account_by_id: int | None
    data: dict[str, Any]
    department: str | None

    def event(self, id: str, ledger: LedgerInMemory) -> dict[str, Any]:
        """Write it as a sender would that knows the ids assigned by the ledger."""
        known = [*ledger.subjects, STRANGER, NOBODY]
        ledger_end = len(ledger.entries) + 1
        lead, account = dict(self.lead), dict(self.account)
        if self.lead_by_id is not None:
            lead["id"] = known[self.lead_by_id % len(known)]
        if self.account_by_id is not None:
            account["id"] = known[self.account_by_id % len(known)]
        event: dict[str, Any] = {
            "id": id,
            "type": self.type.name,
            "time": day(self.at).isoformat(),
            "data": self.data,
        }
        if isinstance(self.data.get("other"), int):
            event["data"] = self.data | {"other": known[self.data["other"] % len(known)]}
        if isinstance(self.data.get("event"), int):
            # One after the last does not exist yet.
            event["data"] = self.data | {"event": str(1 + self.data["event"] % (ledger_end + 1))}
        return event | ({"lead": lead} if lead else {}) | ({"account": account} if account else {})

    @property
    def sender(self) -> Sender:
        return Sender("key-1", ("test",), self.department, EVERY_RIGHT)


def values_of(field: Field) -> Sequence[Any]:
    """Return a few values that a field may have."""
    return field.values or _VALUES.get(field.type, ("one", "two"))


def _value(field: Field) -> st.SearchStrategy[Any]:
    if field.type in _REFERRING:
        return _REFERRING[field.type]
    return st.sampled_from(values_of(field))


_VALUES: Mapping[str, Sequence[Any]] = {
    "integer": (0, 1, 9),
    "amount": (1200, "99.50"),
    "boolean": (False, True),
    "currency": ("JPY", "USD"),
    "date": ("2026-12-01", "2026-12-24"),
    "time": ("2026-12-01T00:00:00Z",),
    "fields": (
        {"class": "now"},
        {"class": "later"},
        {"channel": "reseller"},
        {"reason": "student"},
    ),
}
_REFERRING: Mapping[str, st.SearchStrategy[Any]] = {
    "position": st.integers(min_value=1, max_value=1_000),
    "subject": st.integers(min_value=0, max_value=30),
}
"""A placeholder for an event or a subject that the ledger then has."""


def data_of(event: EventType) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an event's data: all required fields, and some optional ones."""
    fields = event.fields
    return st.fixed_dictionaries(
        {name: _value(field) for name, field in fields.items() if field.required},
        optional={name: _value(field) for name, field in fields.items() if not field.required},
    )


def numbered(whom: str, data: dict[str, Any]) -> dict[str, Any]:
    """Give a buyer's deals and orders numbers of their own, which hold no address."""
    own = {name: data[name] for name in ("opportunity", "order") if data.get(name) is not None}
    return data | {name: f"{value} of {whom.replace('@', ' at ')}" for name, value in own.items()}


_leads = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(EMAILS),
        "phone": st.sampled_from(("03-1234-5678", "090-1111-2222")),
        "anonymous_id": st.sampled_from(("c1", "c2", "c3")),
        "external_ids": st.sampled_from(({"crm": "1"}, {"crm": "2"}, {"crm": "1", "erp": "1"})),
        "name": st.just("Hanako"),
        "profile": st.sampled_from(
            (
                {"industry": "steel"},
                {"industry": "software", "position": "director", "job": "sales"},
                {"position": "clerk"},
                {"hobby": "go"},
            )
        ),
    },
)
_accounts = st.fixed_dictionaries(
    {},
    optional={
        "domain": st.sampled_from(("acme.example", "other.example", "rival.example")),
        "external_ids": st.sampled_from(({"crm": "1"}, {"crm": "2"})),
        "name": st.sampled_from(("Acme", "ACME Inc.", "例示製作所")),
    },
)
_NAMES_NOBODY = frozenset({"event.voided", "event.corrected"})
_rarely_by_id = st.none() | st.none() | st.integers(min_value=0, max_value=30)


def _step(event: EventType) -> st.SearchStrategy[Step]:
    if event.name in _NAMES_NOBODY:
        return st.builds(
            Step,
            type=st.just(event),
            at=st.integers(min_value=0, max_value=30),
            lead=st.just({}),
            account=st.just({}),
            lead_by_id=st.none(),
            account_by_id=st.none(),
            data=data_of(event),
            department=st.none(),
        )
    return st.builds(
        Step,
        type=st.just(event),
        at=st.integers(min_value=0, max_value=30),
        lead=_leads,
        account=st.just({}) | _accounts,
        lead_by_id=_rarely_by_id,
        account_by_id=st.none() | _rarely_by_id,
        data=data_of(event),
        department=st.sampled_from((None, "marketing", "field_sales")),
    )


# Half of the steps can move a lead: a history without them goes nowhere.
_MOVING = tuple(
    LIFECYCLE.events[name]
    for name in dict.fromkeys(move.on for move in LIFECYCLE.lead.moves)
    if not LIFECYCLE.events[name].reserved
)
# A fifth is about identities and taking back, so that it finds something to take back.
_TAKING_BACK = tuple(one for one in TYPES if is_offered(one))
steps = (
    st.sampled_from(_MOVING)
    | st.sampled_from(_MOVING)
    | st.sampled_from(TYPES)
    | st.sampled_from(TYPES)
    | st.sampled_from(_TAKING_BACK)
).flatmap(_step)
decisions = st.sampled_from(tuple(one for one in TYPES if one.kind is EventKind.DECISION)).flatmap(
    _step
)
batches = st.lists(steps, min_size=1, max_size=6)
histories = st.lists(batches, min_size=1, max_size=6)


@st.composite
def long_histories(draw: st.DrawFn, *, longest: int) -> list[Step | int]:
    """Draw steps, and occasionally the number of a lifecycle to publish at that point."""
    size = draw(st.sampled_from((8, longest)))
    published = st.integers(0, len(_RULES) - 1)
    drawn: list[Step | int] = []
    for _ in range(draw(st.integers(size // 2, size))):
        one = draw(published) if draw(st.integers(0, 19)) == 19 else draw(steps)
        drawn.append(one)
    return drawn


def tell_of_many_rules(history: Sequence[Step | int]) -> LedgerInMemory:
    """Send one step after another; for the number of a lifecycle, publish it."""
    ledger = LedgerInMemory(_RULES[0])
    for number, step in enumerate(history):
        if isinstance(step, int):
            ledger.publish(_RULES[step].lifecycle.text)
        else:
            send(ledger, [step], name=f"step-{number}")
    return ledger


_RULES: Sequence[CompiledLifecycle] = (
    demand_funnel(competitors=("rival.example",)),
    demand_funnel(competitors=("acme.example",)),
    returning_funnel(competitors=("rival.example",)),
)
"""Lifecycles with the same stages, so that each may follow any other."""


def tell(
    history: list[list[Step]],
    *,
    compiled: CompiledLifecycle | None = None,
    starts_again: bool = False,
    is_strict: bool = False,
) -> LedgerInMemory:
    """Send a history batch by batch; with `starts_again`, each to a writer with an empty cache."""
    ledger = LedgerInMemory(compiled or demand_funnel(competitors=("rival.example",)))
    for number, batch in enumerate(history):
        if starts_again:
            ledger.start_again()
        send(ledger, batch, name=f"batch-{number}", is_strict=is_strict)
    return ledger


def send(
    ledger: LedgerInMemory, batch: list[Step], *, name: str, is_strict: bool = False
) -> list[Any]:
    events = [step.event(f"{name}-{place}", ledger) for place, step in enumerate(batch)]
    return ledger.send(*events, sender=batch[0].sender, is_strict=is_strict)
