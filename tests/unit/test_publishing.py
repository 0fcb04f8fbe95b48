"""A new lifecycle takes over at its position, for each lead by a separate event."""

import json
import re

import pytest

from domain.lead.state import LeadState
from domain.lifecycle.compiled.table import compile_lifecycle
from domain.lifecycle.text.load import load
from events.batch.entries import Entry
from events.lifecycles.publish import publication
from events.outcomes import Outcome, Recorded
from events.parts import digest_of
from events.records import leaf_of
from events.refusals import Refused
from events.signals.context import Context
from events.submission import Submission
from events.verification.findings import Finding
from tests.support import small_lifecycle
from tests.support.audited import audit_of
from tests.support.ledger_in_memory import DIGESTS, RECEIVED_AT, SENDER, LedgerInMemory

RIVALS = "rivals_domains: [rival.example]"
SMALL = small_lifecycle.SMALL.replace(RIVALS, f"{RIVALS}\n  partners_domains: [acme.example]")
WITH_RIVALS = SMALL.replace("domain_in_list: rivals_domains", "domain_in_list: partners_domains")
BEYOND_DEAL = SMALL.replace("from: [NEW, GOOD, DEAL], to: OUT", "from: [NEW, GOOD], to: OUT")
ANOTHER = SMALL + "# another\n"
HANAKO = {"email": "hanako@acme.example"}
TARO = {"email": "taro@other.example"}


def renamed(text: str, **stages: str) -> str:
    """Replace stages by others."""
    for before, after in stages.items():
        text = re.sub(rf"\b{before}\b", after, text)
    return text


def ledger_at(stage: str, text: str = SMALL) -> LedgerInMemory:
    """Report events about Hanako until she is in GOOD or DEAL."""
    ledger = LedgerInMemory(compile_lifecycle(load(text)))
    ledger.send_one("visit.recorded", lead=HANAKO, data={"channel": "web"})
    if stage == "DEAL":
        ledger.send_one("deal.opened", lead=HANAKO, data={"opportunity": "o"})
    assert state_in(ledger).stage == stage
    return ledger


def state_in(ledger: LedgerInMemory) -> LeadState:
    state = ledger.subjects[lead_of(ledger)].state
    assert isinstance(state, LeadState)
    return state


def recorded(outcome: Outcome) -> Recorded:
    assert isinstance(outcome, Recorded), outcome
    return outcome


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.refusal.reason


def consequences(ledger: LedgerInMemory, since: int) -> list[tuple[str, int, str | None]]:
    """Return type, deciding version and stage reached of each record after a position."""
    return [
        (event.type, envelope.lifecycle, event.stage_to)
        for event, envelope in ledger.records[since:]
    ]


def lead_of(ledger: LedgerInMemory) -> str:
    return next(one for one in ledger.subjects if ledger.subjects[one].kind == "lead")


def test_a_publication_takes_the_next_version_and_is_in_force_from_its_position() -> None:
    ledger = ledger_at("GOOD")
    outcome = recorded(ledger.publish(WITH_RIVALS))
    assert (outcome.subject, ledger.memory.lifecycle_version) == ("ledger", 2)
    event, envelope = ledger.records[outcome.position - 1]
    assert (event.data["version"], event.data["text"]) == (2, WITH_RIVALS)
    assert envelope.lifecycle == 1, "the version before decided it"


def test_a_signal_is_preceded_by_the_reassessment_of_its_lead_in_the_same_batch() -> None:
    ledger = ledger_at("GOOD")
    publication = recorded(ledger.publish(WITH_RIVALS)).position
    ledger.send_one("visit.recorded", lead=HANAKO)
    assert consequences(ledger, publication) == [
        ("lead.reassessed", 2, None),
        ("lead.dropped", 2, "OUT"),
        ("visit.recorded", 2, None),
    ]
    reassessed = ledger.records[publication].event
    assert (reassessed.cause, reassessed.effects) == (publication, {"lifecycle": 2})


def test_a_domain_added_to_a_list_counts_from_the_next_report_of_an_address() -> None:
    """A record holds no domain, so only a report can show again which lists it is in."""
    ledger = ledger_at("GOOD")
    publication = recorded(ledger.publish(SMALL.replace(RIVALS, "rivals_domains: [acme.example]")))
    ledger.submit(Submission((), woken=(lead_of(ledger),)))
    assert state_in(ledger).stage == "GOOD"
    ledger.send_one("visit.recorded", lead=HANAKO)
    assert consequences(ledger, publication.position) == [
        ("lead.reassessed", 2, None),
        ("visit.recorded", 2, None),
        ("lead.dropped", 2, "OUT"),
    ]


def test_a_lead_is_woken_once_and_stays_under_the_new_version() -> None:
    ledger = ledger_at("GOOD")
    publication = recorded(ledger.publish(ANOTHER)).position
    ledger.submit(Submission((), woken=(lead_of(ledger),)))
    ledger.submit(Submission((), woken=(lead_of(ledger),)))
    assert consequences(ledger, publication) == [("lead.reassessed", 2, None)]


def test_a_lead_that_missed_versions_comes_under_each_in_turn() -> None:
    ledger = ledger_at("GOOD")
    recorded(ledger.publish(renamed(SMALL, GOOD="FINE"), GOOD="FINE"))
    publication = recorded(ledger.publish(SMALL, FINE="NEW")).position
    ledger.send_one("visit.recorded", lead=HANAKO)
    assert consequences(ledger, publication) == [
        ("lead.reassessed", 2, "FINE"),
        ("lead.reassessed", 3, "NEW"),
        ("lead.accepted", 3, "GOOD"),
        ("visit.recorded", 3, None),
    ]


def test_beyond_exclusion_a_reassessment_flags_instead_of_moving() -> None:
    ledger = ledger_at("DEAL", BEYOND_DEAL)
    publication = recorded(
        ledger.publish(BEYOND_DEAL.replace("_list: rivals_domains", "_list: partners_domains"))
    ).position
    ledger.submit(Submission((), woken=(lead_of(ledger),)))
    assert consequences(ledger, publication) == [("lead.reassessed", 2, None)]
    assert state_in(ledger).flags == {"competitor": "lead.reassessed"}
    ledger.publish(BEYOND_DEAL)
    ledger.submit(Submission((), woken=(lead_of(ledger),)))
    assert (state_in(ledger).stage, state_in(ledger).flags) == ("DEAL", {})


def test_an_occupied_stage_is_not_removed_without_a_map() -> None:
    ledger = ledger_at("GOOD")
    outcome = ledger.publish(renamed(SMALL, GOOD="FINE"))
    assert reason(outcome) == "stages-occupied"
    assert isinstance(outcome, Refused)
    assert outcome.refusal.members["stages"] == [{"track": "lead", "stage": "GOOD", "standing": 1}]
    assert ledger.memory.lifecycle_version == 1


def test_a_company_keeps_its_stage_from_disappearing_too() -> None:
    ledger = ledger_at("GOOD")
    ledger.send_one("company.listed", account={"domain": "listed.example"})
    outcome = ledger.publish(renamed(SMALL, TARGET="WISH"))
    assert reason(outcome) == "stages-occupied"


def test_with_a_map_the_lead_moves_there_by_its_reassessment() -> None:
    ledger = ledger_at("DEAL")
    publication = recorded(ledger.publish(renamed(SMALL, DEAL="TALK"), DEAL="TALK")).position
    ledger.submit(Submission((), woken=(lead_of(ledger),)))
    event = ledger.records[publication].event
    assert (event.stage_from, event.stage_to, event.pass_number) == ("DEAL", "TALK", 1)
    assert event.effects["move"] == {"kind": "corrected"}


def test_an_empty_stage_is_removed_without_a_map() -> None:
    recorded(ledger_at("GOOD").publish(renamed(SMALL, DEAL="TALK")))


def test_no_leads_are_counted_if_every_stage_remains_or_is_mapped() -> None:
    ledger = ledger_at("GOOD")
    recorded(ledger.publish(WITH_RIVALS))
    recorded(ledger.publish(renamed(SMALL, GOOD="FINE"), GOOD="FINE"))
    assert ledger.memory.occupancy is None


def test_the_second_of_two_publications_in_one_batch_leaves_no_lead_without_a_stage() -> None:
    ledger = ledger_at("GOOD")
    context = Context(ledger.in_force.lifecycle, DIGESTS, SENDER, RECEIVED_AT)
    fine = publication(renamed(SMALL, GOOD="FINE"), {"GOOD": "FINE"}, id="1", context=context)
    back = publication(ANOTHER, {}, id="2", context=context)
    first, second = ledger.submit(Submission((fine, back)))
    recorded(first)
    assert reason(second) == "stages-occupied"


def test_a_lead_under_an_earlier_version_is_counted_where_later_maps_lead() -> None:
    ledger = ledger_at("GOOD")
    recorded(ledger.publish(renamed(SMALL, GOOD="FINE"), GOOD="FINE"))
    best = renamed(SMALL, GOOD="BEST")
    assert reason(ledger.publish(best)) == "stages-occupied"
    recorded(ledger.publish(best, FINE="BEST"))
    ledger.submit(Submission((), woken=(lead_of(ledger),)))
    assert (state_in(ledger).stage, state_in(ledger).lifecycle) == ("BEST", 3)


@pytest.mark.parametrize("stage_map", [{"NEW": "FINE"}, {"GOOD": "GOOD"}, {"NOWHERE": "FINE"}])
def test_a_map_that_says_nothing_possible_is_refused(stage_map: dict[str, str]) -> None:
    outcome = ledger_at("GOOD").publish(renamed(SMALL, GOOD="FINE"), **stage_map)
    assert reason(outcome) == "stage-map-invalid"


def test_the_text_in_force_is_not_published_again() -> None:
    assert reason(ledger_at("GOOD").publish(SMALL)) == "lifecycle-unchanged"


def test_what_only_the_version_before_knows_is_refused_though_it_was_read_under_it() -> None:
    ledger = ledger_at("GOOD")
    item = ledger.read({"id": "1", "type": "lead.again", "lead": HANAKO})
    recorded(ledger.publish(SMALL.replace("lead.again", "lead.anew")))
    (outcome,) = ledger.submit(Submission((item,)))
    assert reason(outcome) == "event-type-unknown"


def test_what_was_read_under_the_version_before_is_decided_by_the_one_in_force() -> None:
    ledger = ledger_at("GOOD")
    item = ledger.read(
        {"id": "1", "type": "visit.recorded", "lead": TARO, "data": {"channel": "web"}}
    )
    recorded(ledger.publish(renamed(SMALL, NEW="FIRST")))
    (outcome,) = ledger.submit(Submission((item,)))
    assert recorded(outcome).moved == (None, "FIRST")
    assert {envelope.lifecycle for _, envelope in ledger.records[-2:]} == {2}


def test_a_log_in_which_a_lead_lost_its_stage_does_not_verify() -> None:
    """The map is removed from its part, as if the publication had been accepted without it."""
    ledger = ledger_at("GOOD")
    recorded(ledger.publish(renamed(SMALL, GOOD="FINE"), GOOD="FINE"))
    assert audit_of(ledger).subjects == ledger.subjects
    (place,) = (
        n for n, one in enumerate(ledger.entries) if one.event.type == "lifecycle.published"
    )
    part, published = ledger.entries[place - 1 : place + 1]
    document = json.loads(json.loads(part.record)["data"]["text"])
    del document["stage_map"]
    text = _dumped(document)
    ledger.entries[place - 1] = _rewritten(part, data={"text": text})
    ledger.entries[place] = _rewritten(published, partsdigest=digest_of(text))

    with pytest.raises(Finding, match="a lifecycle leaves no lead or account without a stage"):
        audit_of(ledger)


def _rewritten(entry: Entry, **attributes: object) -> Entry:
    record = _dumped({**json.loads(entry.record), **attributes})
    return entry._replace(record=record, leaf=leaf_of(record.encode()))


def _dumped(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
