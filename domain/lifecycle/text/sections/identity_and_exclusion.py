"""The smaller sections of the text: word lists, identity, guards, origin, exclusion."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from domain.lifecycle.conditions import Condition
from domain.lifecycle.definition import (
    AccountTriggers,
    EventKind,
    EventType,
    Exclusion,
    ExclusionRule,
    Guard,
    OriginRule,
    SubjectKind,
    Track,
)
from domain.lifecycle.names import normal
from domain.lifecycle.text.conditions import DOMAIN, UNREADABLE, read_condition
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.vocabulary import Vocabulary
from domain.lifecycle.text.words import (
    WORD_KEYS,
    Placed,
    check_code,
    read_words,
)

FREE_MAIL_LIST = "free_mail_domains"

_DOMAIN_LIST_SUFFIX = "_domains"
_PHONE_COUNTRY = re.compile(r"[1-9][0-9]{0,2}")
_NUMBER = re.compile(r"\+[1-9][0-9]{5,14}")
_MAILBOX = re.compile(r"[a-z0-9._+-]+")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_REASON_FIELD = "reason"
_KEY_ENDED = "key_ended"


@dataclass(frozen=True, slots=True)
class Identity:
    """How people are distinguished."""

    phone_country: str
    trust: tuple[str, ...]
    role_mailboxes: frozenset[str]
    switchboards: frozenset[str]
    placeholders: frozenset[str]


def read_value_lists(place: Place | None) -> dict[str, frozenset[str]]:
    """Read the named word lists; a list named `…_domains` holds mail domains in lower case."""
    lists: dict[str, frozenset[str]] = {}
    for name, entry in place.entries(required=(FREE_MAIL_LIST,)).items() if place else ():
        check_code(entry, name)
        holds_domains = name.endswith(_DOMAIN_LIST_SUFFIX)
        words = [
            item.matching(DOMAIN, expected="a domain in lower case")
            if holds_domains
            else item.text()
            for item in entry.items()
        ]
        lists[name] = frozenset(word for word in words if word)
    return lists


def read_identity(place: Place | None) -> Identity:
    wanted = ("phone_country", "trust", "role_mailboxes")
    known = (*wanted, "switchboards", "placeholders")
    keys = place.entries(known=known, required=wanted) if place else {}
    country = keys.get("phone_country")
    return Identity(
        phone_country=country.matching(_PHONE_COUNTRY, expected="a country calling code like '81'")
        if country
        else "",
        trust=_read_distinct(keys.get("trust"), _IDENTIFIER, expected="a kind of identifier"),
        role_mailboxes=frozenset(
            _read_distinct(
                keys.get("role_mailboxes"), _MAILBOX, expected="the part before @ in lower case"
            )
        ),
        switchboards=frozenset(
            _read_distinct(
                keys.get("switchboards"), _NUMBER, expected="a number like '+81312345678'"
            )
        ),
        placeholders=frozenset(_read_placeholders(keys.get("placeholders"))),
    )


def read_guards(
    place: Place | None, *, languages: Collection[str], vocabulary: Vocabulary
) -> dict[str, Placed[Guard]]:
    guards: dict[str, Placed[Guard]] = {}
    for name, entry in place.entries().items() if place else ():
        check_code(entry, name)
        keys = entry.entries(known=(*WORD_KEYS, "when"), required=("when",))
        words = read_words(entry, keys, languages=languages)
        condition = _read_when(keys, vocabulary)
        guards[name] = Placed(entry, Guard(name=name, words=words, condition=condition))
    return guards


def read_origin(
    place: Place | None, *, origins: Collection[str], vocabulary: Vocabulary
) -> tuple[tuple[OriginRule, ...], str | None]:
    """Read the rules, of which the first true one decides, and the origin otherwise."""
    keys = place.entries(known=("rules", "otherwise"), required=("otherwise",)) if place else {}
    rules: list[OriginRule] = []
    for item in keys["rules"].items() if "rules" in keys else ():
        entry = item.entries(known=("origin", "when"), required=("origin", "when"))
        origin = entry["origin"].one_of(origins, kind="an origin") if "origin" in entry else None
        rules.append(OriginRule(origin=origin or "", condition=_read_when(entry, vocabulary)))
    otherwise = keys["otherwise"].one_of(origins, kind="an origin") if "otherwise" in keys else None
    return tuple(rules), otherwise


def read_exclusion(
    place: Place | None,
    *,
    lead: Track,
    reasons: Collection[str],
    events: Mapping[str, EventType],
    vocabulary: Vocabulary,
) -> Exclusion | None:
    """Read the exclusion rules. They are judged for any event, so they cannot read the event."""
    if place is None:
        return None
    wanted = ("at", "accepts_by", "excludes_by", "rules")
    keys = place.entries(known=wanted, required=wanted)
    rules: list[ExclusionRule] = []
    for item in keys["rules"].items() if "rules" in keys else ():
        entry = item.entries(known=("reason", "when"), required=("reason", "when"))
        reason = entry["reason"].one_of(reasons, kind="a reason") if "reason" in entry else None
        condition = _read_when(entry, vocabulary.without_event())
        rules.append(ExclusionRule(reason=reason or "", condition=condition))
    at = (keys["at"].one_of(lead.stages, kind="a stage") if "at" in keys else None) or ""
    excludes_by = read_decision(keys.get("excludes_by"), events, lead=lead, at=at)
    if excludes_by and _REASON_FIELD not in events[excludes_by].fields:
        keys["excludes_by"].complain(f"{excludes_by} needs the field `reason`")
    return Exclusion(
        at=at,
        accepts_by=read_decision(keys.get("accepts_by"), events, lead=lead, at=at),
        excludes_by=excludes_by,
        rules=tuple(rules),
    )


def read_account_triggers(
    place: Place | None, events: Mapping[str, EventType]
) -> AccountTriggers | None:
    if place is None:
        return None
    required = ("prospect_gained", "customer_gained")
    wanted = (*required, "customer_lost")
    keys = place.entries(known=(*wanted, _KEY_ENDED), required=required)
    of_accounts = [event for event in events.values() if event.subject is SubjectKind.ACCOUNT]
    names = [event.name for event in of_accounts if event.kind is EventKind.DERIVED]
    read = {
        key: keys[key].one_of(names, kind="a derived account event")
        for key in wanted
        if key in keys
    }
    decided = [event.name for event in of_accounts if event.kind is not EventKind.FACT]
    return AccountTriggers(
        prospect_gained=read.get("prospect_gained") or "",
        customer_gained=read.get("customer_gained") or "",
        customer_lost=read.get("customer_lost"),
        key_ended=keys[_KEY_ENDED].one_of(decided, kind="a decision about an account")
        if _KEY_ENDED in keys
        else None,
    )


def read_decision(
    place: Place | None, events: Mapping[str, EventType], *, lead: Track, at: str
) -> str:
    """Read the name of an event type that the service writes automatically to move a lead on."""
    if place is None:
        return ""
    names = [
        name
        for name, event in events.items()
        if event.kind is not EventKind.FACT and event.subject is SubjectKind.LEAD
    ]
    name = place.one_of(names, kind="a decision about a lead") or ""
    moves = (move for move in lead.moves if move.on == name and not move.stays)
    if (
        name
        and at
        and not place.is_doubtful("lead.moves")
        and not any(at in move.sources for move in moves)
    ):
        place.complain(f"no move is declared for {name} from {at}")
    return name


def _read_when(entry: Mapping[str, Place], vocabulary: Vocabulary) -> Condition:
    condition = read_condition(entry["when"], vocabulary) if "when" in entry else None
    return condition or UNREADABLE


def _read_placeholders(place: Place | None) -> dict[str, str]:
    """Read the words that mean "no answer", folded, because case carries no meaning."""
    words: dict[str, str] = {}
    for item in place.items() if place else ():
        written = item.text()
        folded = normal(written)
        if folded in words:
            item.complain(f"'{written}' occurs twice: '{words[folded]}' is the same word")
        elif folded:
            words[folded] = written
    return words


def _read_distinct(
    place: Place | None, pattern: re.Pattern[str], *, expected: str
) -> tuple[str, ...]:
    words: list[str] = []
    for item in place.items() if place else ():
        word = item.matching(pattern, expected=expected)
        if word in words:
            item.complain(f"'{word}' occurs twice")
        words.append(word)
    return tuple(word for word in words if word)
