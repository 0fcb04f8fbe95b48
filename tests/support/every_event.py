"""A ledger in memory in which every type of event has been recorded: the source of golden records.

Clock and secret are always the same; ids and salts are replaced by ones that are.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from domain.lead.state import LATE
from domain.lifecycle.definition import Right, SubjectKind
from domain.lifecycle.service_events import (
    FOUNDED,
    KEY_CHANGED,
    KEY_CREATED,
    KEY_REVOKED,
    READS_SEALED,
)
from events.append.locked import LedgerEvent, LockedLedger
from events.append.plan import Plan
from events.batch.entries import Entry
from events.founding import founding
from events.outcomes import Recorded
from events.records import FOUNDING_ID, key_event_id, reads_id
from events.selections.evidence import ledger_signal
from events.signals.context import Context
from events.submission import Item, Submission
from tests.support.ledger_in_memory import DIGESTS, RECEIVED_AT, SENDER, LedgerInMemory
from tests.support.small_lifecycle import SMALL
from tests.support.stories import published, returning_funnel

FIELDS: dict[str, Any] = {
    "ad": "banner-7", "amount": 1, "business": "new", "campaign": "spring", "capacity": 5,
    "channel": "organic", "class": "later", "content": "whitepaper", "currency": "JPY",
    "expected_close": "2026-12-24", "for_department": "inside_sales", "form": "whitepaper",
    "from_department": "marketing", "gross_profit": 400, "link": "/price", "list": "expo",
    "market": "manufacturing", "meeting": "m-1", "message": "mail-1", "name": "click",
    "opportunity": "d-1", "order": "o-1", "outcome": "absent", "owner": "sato", "page": "/",
    "priority": "high", "product": "press", "proposal": "p-1", "purpose": "mail",
    "quote": "q-1", "reached": False, "reason": "no_budget", "reseller": "partner",
    "revisit_date": "2027-03-01", "scenario": "nurture", "seminar": "s-1", "team": "inside-1",
    "value": 1_000,
}  # fmt: skip
"""A value for each field of facts; events that need another one give it."""

UUID_7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
BIG = {"domain": "big.example"}
DIGESTS_DRAWN = re.compile(r'("(?:actor|personal)digest":")[0-9a-f]{64}')


def person(name: str, **also: Any) -> dict[str, Any]:
    return {"email": f"{name}@{name}.example", **also}


class EveryEvent:
    """A class, because each step continues the same ledger."""

    def __init__(self, ledger: LedgerInMemory) -> None:
        self.ledger = ledger

    def tell(
        self,
        type: str,
        lead: Any = None,
        *,
        account: Any = None,
        actor: str | None = None,
        time: str | None = None,
        **data: Any,
    ) -> Recorded:
        given = {"lead": lead, "account": account, "actor": actor, "time": time}
        event = {name: value for name, value in given.items() if value is not None}
        (outcome,) = self.ledger.send(
            {"id": f"{type}-{len(self.ledger.entries)}", "type": type, **event, "data": data}
        )
        assert isinstance(outcome, Recorded), (type, outcome)
        return outcome

    def found(self) -> None:
        """Begin a ledger, and make the key by which its reports come."""
        plan = Plan(self.ledger.memory, {}, RECEIVED_AT)
        plan.record_first(FOUNDED, {**founding(UUID(_FIRST))}, id=FOUNDING_ID)
        terms = {"key": SENDER.key_id, "secret_check": "0" * 64, "scopes": ["ledger:admin"]}
        locked = LockedLedger(None, RECEIVED_AT, plan)  # type: ignore[arg-type] # not asked
        for type, data in (
            (KEY_CREATED, {**terms, "founder": True}),
            (KEY_CHANGED, {**terms, "sources": ["test"]}),
            (KEY_REVOKED, {"key": SENDER.key_id}),
        ):
            named = partial(key_event_id, SENDER.key_id)
            locked.record(LedgerEvent(type, data), name=named, by=None)
        self.ledger._write(plan)
        plan.commit()

    def tell_facts(self) -> None:
        """Report every fact, about one person or one company."""
        special = {
            "email.bounced": {"outcome": "hard"},
            "inquiry.received": {"channel": "web"},
            "screening.attempted": {"outcome": "no_answer"},
        }
        for type, declared in self.ledger.compiled.lifecycle.events.items():
            if declared.right == Right.FACTS and not declared.reserved:
                known = {name: FIELDS[name] for name in declared.fields if name in FIELDS}
                is_about_lead = declared.subject is SubjectKind.LEAD
                about = {"lead": person("hanako")} if is_about_lead else {"account": BIG}
                self.tell(type, **about, **(known | special.get(type, {})))

    def sell(self) -> None:
        """Move people through the funnel by decisions, forwards and back."""
        for name in ("taro", "jiro", "saburo", "shiro", "goro"):
            self.tell("form.submitted", person(name), channel="organic")
        for type in ("lead.qualified", "lead.sales_accepted", "lead.sales_qualified"):
            self.tell(type, person("taro"))
        self.tell("lead.qualified", person("goro"))
        self.tell("screening.completed", person("goro"), **{"class": "now"})
        self.tell("lead.sales_accepted", person("goro"))
        self.tell("lead.handed_over", person("taro"), to_department="sales")
        self.tell("lead.recycled", person("taro"), reason="too_early", revisit_date="2027-03-01")
        self.tell("lead.qualified", person("jiro"))
        self.tell("lead.sales_rejected", person("jiro"), reason="no_budget")
        self.tell("lead.disqualified", person("saburo"), reason="student")
        self.tell("lead.requalified", person("saburo"), reason="recorded_by_mistake")
        self.tell("lead.excluded", person("shiro"), reason="competitor")
        self.tell("owner.assigned", person("jiro"), owner="sato", for_department="inside_sales")
        self.tell("owner.unassigned", person("jiro"), for_department="inside_sales")
        self.tell("stage.corrected", person("jiro"), to="ML", reason="recorded_by_mistake")
        self.tell("origin.disputed", person("jiro"), actor="sato", origin="reseller")
        self.tell("origin.corrected", person("jiro"), origin="reseller")

    def group(self) -> None:
        """Decide about companies."""
        self.tell("order.recorded", account=BIG, order="o-3", value=5)
        self.tell("account.segmented", account=BIG, segment="high")
        for type in ("account.key_candidate_set", "account.key_set"):
            self.tell(type, account=BIG, key_role="defend", owner="sato")
        self.tell("account.key_removed", account=BIG, reason="other")
        self.tell("competitor.listed", account={"domain": "goro.example"})
        self.tell("competitor.unlisted", account={"domain": "goro.example"})

    def identify(self) -> None:
        """Link people and companies, and take it back."""
        self.tell("visit.recorded", {"anonymous_id": "c"})
        both = self.tell("form.submitted", person("rokuro", anonymous_id="c"))
        shichiro = self.tell("form.submitted", person("shichiro", phone="03-1000-0001"))
        phone = {"email": "other@rokuro.example", "phone": "03-1000-0001"}
        mistaken = self.tell("form.submitted", phone)
        self.tell("conflict.dismissed", _id_of(mistaken), other=shichiro.lead)
        self.tell("identity.merged", person("rokuro"), other=shichiro.lead)
        self.tell("identity.unmerged", {"id": shichiro.lead})
        self.tell("identity.kept_apart", person("rokuro"), other=shichiro.lead)
        named = {**_id_of(both), "anonymous_id": "c"}
        self.tell("identity.unlinked", named, events=[str(both.position)])
        one, other = (
            self.tell("account.updated", account={"domain": domain, "name": "Example Ltd"})
            for domain in ("one.example", "other.example")
        )
        self.tell("account.kept_apart", account=_id_of(one), other=_id_of(other)["id"])
        self.tell("form.submitted", person("juro"), account={"name": "Example Ltd"})
        third = self.tell("account.updated", account={"domain": "third.example"})
        self.tell("account.merged", account=_id_of(one), other=_id_of(third)["id"])
        self.tell("account.linked", person("shichiro"), account=BIG)

    def take_back(self) -> None:
        """Void and correct what was reported."""
        order = self.tell("order.recorded", person("hachiro"), order="o-2", value=1)
        event = {"event": str(order.position)}
        self.tell("event.corrected", **event, fields={"value": 2}, reason="recorded_by_mistake")
        self.tell("event.voided", **event, reason="recorded_by_mistake")

    def plan(self) -> None:
        """Declare what belongs to no lead."""
        week: dict[str, Any] = {"starts_on": "2026-12-07", "ends_on": "2026-12-11"}
        self.tell("capacity.declared", team="inside-1", capacity=5, **week)
        cost: dict[str, Any] = {"campaign": "spring", "cost": 450_000, "currency": "JPY"}
        self.tell("campaign.cost_recorded", **cost, **week)
        target: dict[str, Any] = {
            "for_department": "marketing",
            "figure": "new_visitors",
            "plan": 100,
        }
        self.tell("target.set", **target, starts_on="2026-12-01", ends_on="2026-12-31")
        self.tell("calendar.changed", calendar="office", **week, closed=True)

    def select(self) -> None:
        """Record a selection run, as the service does."""
        week = {"team": "inside-1", "starts_on": "2026-12-07", "ends_on": "2026-12-11"}
        counts = {"read_at": "1", "begins_at_position": "1", "capacity": 1, "backlog": 0}
        self._own("selection.run", "run", {**week, **counts, "selected": 1, "digest": "0" * 64})
        self._own("selection.ranked", "run", {"ranking": [[_FIRST, "7"]]}, "ranked", "0")
        self._own("selection.completed", "run", {"qualified": 1, "skipped": []}, "completed")

    def _own(self, type: str, run: str, data: dict[str, Any], *part: str) -> None:
        ledger = self.ledger
        event_type = ledger.in_force.lifecycle.events[type]
        signal = ledger_signal(event_type, run, *part, at=RECEIVED_AT, data=data)
        context = Context(ledger.in_force.lifecycle, DIGESTS, SENDER, RECEIVED_AT)
        (outcome,) = ledger.submit(Submission((Item(signal, b"{}", context),), is_own=True))
        assert isinstance(outcome, Recorded), (type, outcome)

    def publish(self) -> None:
        """Put another version in force, under which leads are judged again."""
        text = self.ledger.compiled.lifecycle.text
        rivals = "competitor_domains: [goro.example]"
        published = self.ledger.publish(text.replace("competitor_domains: []", rivals, 1))
        assert isinstance(published, Recorded), published
        self.ledger.let_happen()

    def tell_in_parts(self) -> None:
        """Report something that does not fit into a record with lower bounds."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("events.parts.CONTENT_BYTES_MAX", 20)
            self.tell("visit.recorded", {"anonymous_id": "parts"}, channel="organic")

    def let_years_pass(self) -> None:
        """Wait until deadlines have passed and leads are dormant."""
        self.tell("form.submitted", person("kuro"))
        self.tell("opportunity.created", person("kuro"), opportunity="d-2")
        self.tell("form.submitted", person("miki", profile={"industry": "steel"}))
        self.tell("lead.qualified", person("miki"))
        self.ledger.at = RECEIVED_AT + timedelta(days=30)
        self.ledger.let_happen()
        self.ledger.at = RECEIVED_AT + timedelta(days=900)
        self.ledger.let_happen()

    def seal_reads(self) -> None:
        """Seal what was read of personal data, as the service does."""
        at = self.ledger.at or RECEIVED_AT
        plan = Plan(self.ledger.memory, {}, at)
        locked = LockedLedger(None, at, plan)  # type: ignore[arg-type] # not asked
        sealed = LedgerEvent(READS_SEALED, {"reads": 1, "end": "0" * 64})
        locked.record(sealed, name=reads_id, by=None)
        self.ledger._write(plan)
        plan.commit()

    def tell_late(self) -> None:
        """Report that a person did something before all that is known of them."""
        outcome = self.tell("activity.recorded", person("miki"), time="2026-11-21T00:00:00Z")
        assert outcome.restated is not None

    def close(self) -> None:
        """Close a month."""
        days = {"starts_on": "2026-10-01", "ends_on": "2026-10-31"}
        self.tell("period.closed", **days, figure="orders", read_at="1")


def golden_records(make: type[LedgerInMemory] = LedgerInMemory) -> list[str]:
    """Return one record of every type, by type: the one with the most effects.

    A step for a new type goes to the end, so that the other records stay as they are.
    """
    every, small = EveryEvent(make(returning_funnel())), make(published(SMALL))
    # Of a small lifecycle, so that the text does not change with the shipped one.
    small.publish(SMALL + "# again\n")
    every.found()
    for step in (every.tell_facts, every.sell, every.group, every.identify, every.take_back,
                 every.publish, every.plan, every.select, every.tell_in_parts,
                 every.let_years_pass, every.tell_late, every.seal_reads,
                 every.close):  # fmt: skip
        step()
    best: dict[str, Entry] = {}
    for entry in (*small.entries, *every.ledger.entries):
        before = best.get(entry.event.type)
        if before is None or _interest(entry) > _interest(before):
            best[entry.event.type] = entry
    drawn = UUID_7.findall("".join(entry.record for entry in every.ledger.entries))
    numbers = {id: number for number, id in enumerate(dict.fromkeys(drawn), start=100)}
    return [_steady(best[type].record, numbers) for type in sorted(best)]


def _interest(entry: Entry) -> tuple[bool, int]:
    """Prefer a visit with parts and an activity that was reported late, then many effects."""
    type, effects = entry.event.type, entry.event.effects
    has_parts = type == "visit.recorded" and entry.envelope.parts is not None
    is_late = type == "activity.recorded" and LATE in effects
    return has_parts or is_late, len(effects)


def _steady(record: str, numbers: Mapping[str, int]) -> str:
    """Replace what is drawn at random: ids by their number, and digests over a salt."""

    def numbered(found: re.Match[str]) -> str:
        return f"00000000-0000-7000-8000-{numbers[found[0]]:012}"

    return DIGESTS_DRAWN.sub(r"\g<1>" + "0" * 64, UUID_7.sub(numbered, record))


def _id_of(outcome: Recorded) -> dict[str, str]:
    return {"id": outcome.subject.partition("/")[2]}


_FIRST = "00000000-0000-7000-8000-000000000001"
