"""What `leadledger compare` prints, and how it reads page after page."""

from typing import Any

import pytest

from service.command.compare import WORDS, all_pages, print_comparison

COUNTS = {
    "first": 3,
    "second": 2,
    "same": 1,
    "only_first": 1,
    "only_second": 0,
    "different": 1,
}


def difference(subject: str, *sides: str, type: str | None) -> dict[str, Any]:
    event = None if type is None else {"position": "1234", "type": type, "type_label": f"={type}"}
    return {
        "subject": f"lead/{subject}",
        **{side: {} if side in sides else None for side in ("first", "second")},
        "because": "reported",
        "because_label": "報告日より後に判明",
        "event": event,
    }


def get(path: str, **asked: Any) -> dict[str, Any]:
    """Return one of two pages, of one difference each."""
    assert (path, asked["other_known_at"]) == ("/compare", "9")
    if asked["after"] is None:
        found = [difference("a", "first", type="lead.restated")]
        return {"counts": COUNTS, "differences": found, "next": "a"}
    assert asked["after"] == "a"
    found = [difference("b", "first", "second", type=None)]
    return {"counts": None, "differences": found, "next": None}


def printed(capsys: pytest.CaptureFixture[str], *, limit: int = 500) -> str:
    compared = all_pages(get, "/compare", {"other_known_at": "9"}, limit)
    print_comparison(*compared, WORDS["ja"])
    return capsys.readouterr().out


def test_every_difference_is_printed_with_its_event(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys)

    assert [line.split() for line in text.splitlines() if line.startswith("lead/")] == [
        ["lead/a", "1番目のみ", "報告日より後に判明", "=lead.restated", "1234"],
        ["lead/b", "両方(内容が異なる)", "報告日より後に判明"],
    ]
    assert "1番目 3件、2番目 2件。一致 1件" in text
    assert "ほかにもあります" not in text


def test_what_the_limit_leaves_out_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, limit=1)

    assert "lead/b" not in text
    assert "ほかにもあります" in text
