"""Labels of codes, and refused decisions in the caller's language.

A refused decision gets labels alongside its codes, and a sentence, if `lang` in the URL or
`Accept-Language` requests them; without either, codes and English. A stored refusal keeps the
codes, because words change with the lifecycle.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from domain.lifecycle.definition import UNPLACED, Lifecycle, Words
from domain.lifecycle.names import ANY_LANGUAGE, language_of
from events.refusals import Refusal

MOVE_NOT_ALLOWED = "move-not-allowed"

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "elsewhere": "“{event}” is not allowed from “{stage}”, only from {others}.",
        "guarded": "“{event}” is not allowed from “{stage}” now: “{guards}” does not hold.",
        "unplaced": "no stage",
        "late": "reported late, counts from {at:%Y-%m-%d %H:%M} ({zone})",
        "other": "“{}”",
        "between": ", ",
    },
    "ja": {
        "elsewhere": "「{event}」は「{stage}」からは行えません。行えるのは{others}からです。",
        "guarded": (
            "「{event}」は「{stage}」からは、いま行えません。条件「{guards}」を満たしていません。"
        ),
        "unplaced": "ステージなし",
        "late": "事後報告のため、{at:%Y-%m-%d %H:%M} ({zone}) にさかのぼって適用",
        "other": "「{}」",
        "between": "、",
    },
}


class Worded(Protocol):
    """What a lifecycle gives a code and words: a stage, a guard, a deadline."""

    @property
    def words(self) -> Words: ...


def label_of(things: Mapping[str, Words] | Mapping[str, Worded], code: str, language: str) -> str:
    """Return the label of a code in a language; the code itself if the lifecycle has none.

    A lead may be in a stage, or an event have a type, that only an earlier version has.
    """
    found = things.get(code)
    words = found.words if found is not None and not isinstance(found, Words) else found
    return code if words is None else words.label.get(language, code)


class Wording(NamedTuple):
    """The words of one lifecycle in one language."""

    lifecycle: Lifecycle
    language: str

    def stage(self, code: str | None) -> str:
        """Return the label of a stage."""
        if code is None or code == UNPLACED:
            return self.said["unplaced"]
        leads, accounts = self.lifecycle.lead.stages, self.lifecycle.account.stages
        return label_of(leads if code in leads else accounts, code, self.language)

    def event(self, type: str) -> str:
        """Return the label of an event type."""
        return label_of(self.lifecycle.events, type, self.language)

    def guard(self, name: str) -> str:
        """Return the label of a guard."""
        return label_of(self.lifecycle.guards, name, self.language)

    def late(self, occurred_at: datetime) -> str:
        """Say since when a late report counts, in the time zone of the lifecycle."""
        zone = self.lifecycle.time_zone
        return self.said["late"].format(at=occurred_at.astimezone(ZoneInfo(zone)), zone=zone)

    @property
    def said(self) -> Mapping[str, str]:
        return _SENTENCES.get(self.language, _SENTENCES["en"])


def asked_wording(scope: Any, lifecycle: Lifecycle) -> Wording | None:
    """Return the wording for a request, in the first of its languages that the lifecycle has."""
    language = language_of(lifecycle, _languages(scope))
    return None if language is None else Wording(lifecycle, language)


def in_words(refusal: Refusal, type: str | None, words: Wording | None) -> Refusal:
    """Put a refused decision into words; return any other refusal unchanged."""
    if words is None or type is None or refusal.reason != MOVE_NOT_ALLOWED:
        return refusal
    members = refusal.members
    guards = [
        {**guard, "label": words.guard(guard["guard"]), "to_label": words.stage(guard["to"])}
        for guard in members.get("guards", ())
    ]
    described = {
        **members,
        "label": words.event(type),
        "stage_label": words.stage(members["stage"]),
        "legal_from_labels": [words.stage(stage) for stage in members["legal_from"]],
        "allowed": [
            {**move, "label": words.event(move["type"]), "to_label": words.stage(move["to"])}
            for move in members["allowed"]
        ],
    }
    if guards:
        described["guards"] = guards
    return refusal._replace(detail=_sentence(described, words), members=described)


def _sentence(described: Mapping[str, Any], words: Wording) -> str:
    said = words.said
    is_guarded = (described["stage"] or UNPLACED) in described["legal_from"]
    names = dict.fromkeys(guard["label"] for guard in described.get("guards", ()))
    return said["guarded" if is_guarded else "elsewhere"].format(
        event=described["label"],
        stage=described["stage_label"],
        others=said["between"].join(
            said["other"].format(label) for label in described["legal_from_labels"]
        ),
        guards=said["between"].join(names),
    )


def _languages(scope: Any) -> str:
    query: bytes = scope.get("query_string", b"")
    if query and (asked := parse_qs(query.decode("latin-1")).get("lang")):
        return asked[0]
    header = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    ranked = [_preference(part) for part in header.decode("latin-1").split(",") if part.strip()]
    named = (language for quality, language in sorted(ranked, key=_unwanted) if quality > 0)
    # Clients without a preferred language send the header with a *, and get codes.
    return ",".join(language for language in named if language != ANY_LANGUAGE)


def _unwanted(preference: tuple[float, str]) -> float:
    return -preference[0]


def _preference(part: str) -> tuple[float, str]:
    """Read `ja-JP;q=0.8`; an unreadable preference ranks last."""
    tag, _, parameter = part.partition(";")
    quality = parameter.strip().removeprefix("q=") or "1"
    try:
        wanted = float(quality)
    except ValueError:
        wanted = 0.0
    return wanted, tag.strip().split("-")[0].lower()
