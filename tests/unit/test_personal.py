"""A record vouches for the rows that an erasure removes, each by a digest of its own."""

from hashlib import sha256
from uuid import UUID

import pytest

from events.personal import (
    ActorRow,
    ReportRow,
    StoredLink,
    digest_of_actor,
    digest_of_report,
)
from tests.support.ledger_in_memory import LedgerInMemory

LEAD, OTHER = UUID(int=1), UUID(int=2)
ROW = ReportRow(b"s" * 32, b'{"lead":{}}', b"f" * 37)
LINK = StoredLink("email", b"d" * 32, str(LEAD))
PHONE = LINK._replace(kind="phone")
FORM = {"email": "hanako@acme.example"}


def test_the_digest_of_a_report_is_what_the_documentation_says() -> None:
    message = (
        *(b"\x03", b"s" * 32, b"\x00\x00\x00\x0b", ROW.content, b"\x00\x00\x00\x25", b"f" * 37),
        *(b"\x00\x00\x00\x05", b"email", b"d" * 32, LEAD.bytes, b"\x00"),
    )
    assert digest_of_report(ROW, [LINK]) == sha256(b"".join(message)).hexdigest()


@pytest.mark.parametrize(
    ("row", "links"),
    [
        (ROW._replace(salt=b"t" * 32), [LINK]),
        (ROW._replace(content=b"{}"), [LINK]),
        (ROW._replace(content=b""), [LINK]),
        (ROW._replace(fingerprint=b"g" * 37), [LINK]),
        (ROW._replace(fingerprint=b""), [LINK]),
        (ROW._replace(content=ROW.content + b"f", fingerprint=b"f" * 36), [LINK]),
        (ROW, []),
        (ROW, [LINK, PHONE]),
        (ROW, [PHONE]),
        (ROW, [LINK._replace(digest=b"e" * 32)]),
        (ROW, [LINK._replace(subject_id=str(OTHER))]),
        (ROW, [LINK._replace(is_moved=True)]),
    ],
)
def test_whatever_is_changed_of_a_report_its_digest_is_another(
    row: ReportRow, links: list[StoredLink]
) -> None:
    assert digest_of_report(row, links) != digest_of_report(ROW, [LINK])


def test_the_order_of_identifiers_says_nothing() -> None:
    assert digest_of_report(ROW, [LINK, PHONE]) == digest_of_report(ROW, [PHONE, LINK])


def test_the_digest_of_an_actor_covers_the_salt_and_the_name() -> None:
    row = ActorRow(b"s" * 32, "花子")
    assert digest_of_actor(row) == sha256(b"\x04" + b"s" * 32 + "花子".encode()).hexdigest()


def test_the_actor_is_in_a_row_of_its_own_with_a_salt_of_its_own() -> None:
    ledger = LedgerInMemory()
    ledger.send_one("form.submitted", lead=FORM, actor="佐藤")
    ((entry, *derived), (record, *_)) = ledger.entries, ledger.records
    assert entry.report is not None
    assert entry.actor is not None
    assert (entry.actor.actor, "佐藤".encode() in entry.report.content) == ("佐藤", False)
    assert entry.actor.salt != entry.report.salt
    links = ledger.stored_links[1]
    assert {link.kind for link in links} == {"email", "domain"}
    assert record.envelope.personal_digest == digest_of_report(entry.report, links)
    assert record.envelope.actor_digest == digest_of_actor(entry.actor)
    assert [one.report or one.actor for one in derived] == [None] * len(derived)


def test_a_report_about_nobody_in_particular_still_keeps_its_fingerprint_apart() -> None:
    ledger = LedgerInMemory()
    ledger.send_one("order.recorded", data={"order": "4500012345", "value": "1"})
    report = ledger.entries[0].report
    assert report is not None
    assert (report.content, len(report.fingerprint)) == (b"", 37)
