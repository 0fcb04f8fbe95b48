"""From the text of a lifecycle to the lifecycle, or to all complaints about it at once."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

from domain.lifecycle.definition import Lifecycle, SubjectKind, Track
from domain.lifecycle.text.check import check
from domain.lifecycle.text.complaints import Complaint, LifecycleInvalid
from domain.lifecycle.text.place import Place, root_of
from domain.lifecycle.text.sections.actuals import read_actuals
from domain.lifecycle.text.sections.automation import PACE_KEYS, read_pace
from domain.lifecycle.text.sections.calendars import check_countries
from domain.lifecycle.text.sections.client_names import read_client_names
from domain.lifecycle.text.sections.contribution import read_contribution
from domain.lifecycle.text.sections.declarations import Declarations, read_declarations
from domain.lifecycle.text.sections.glossary import (
    SECTIONS,
    Glossary,
    read_glossary,
    read_parts,
    read_sides,
    read_target_figures,
)
from domain.lifecycle.text.sections.identity_and_exclusion import (
    FREE_MAIL_LIST,
    read_account_triggers,
    read_exclusion,
    read_identity,
    read_origin,
)
from domain.lifecycle.text.sections.lists import read_lists
from domain.lifecycle.text.sections.moves import read_moves
from domain.lifecycle.text.sections.qualification import read_qualification
from domain.lifecycle.text.sections.scoring import (
    ScoringScope,
    read_grades,
    read_scoring,
    read_targets,
)
from domain.lifecycle.text.sections.shared_numbers import read_shared_numbers
from domain.lifecycle.text.sections.track import no_track, read_track
from domain.lifecycle.text.shared_words import check_shared_words
from domain.lifecycle.text.words import (
    CODE,
    CODE_EXPECTED,
    WORD_KEYS,
    Placed,
    check_names,
    read_words,
    values_of,
)

FORMAT = 1
"""The format of the text that this code reads; other formats are refused."""

_REQUIRED = (
    *("format", "name", "label", "languages", "time_zone"),
    *("value_lists", "identity", "events", "lead"),
)
"""Without these, leads can be neither distinguished nor moved. Sections that a company does not
need, such as companies or origins, are left out."""
_OPTIONAL = (
    "account",
    "account_events",
    "actuals",
    "attributes",
    "client_names",
    "contribution",
    "exclusion",
    "fields",
    "grades",
    "guards",
    "lists",
    "origin",
    "qualification",
    "scoring",
    "shared_numbers",
    "targets",
    *SECTIONS,
)
_KNOWN = (*_REQUIRED, *WORD_KEYS, *_OPTIONAL, *PACE_KEYS)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result of reading a text.

    Complaints are in line order; there is a lifecycle if none of them is fatal.
    """

    lifecycle: Lifecycle | None
    complaints: tuple[Complaint, ...]


def load(
    text: str, *, zones: Container[str] | None = None, countries: Container[str] | None = None
) -> Lifecycle:
    """Read and check the text of a lifecycle.

    `zones` are the time zones that exist here, `countries` those whose public holidays are known.
    Pass them to publish a text, but not to replay one from the log: what a machine knows is not
    part of the lifecycle, and a text that was once in force must stay readable permanently.

    Raises:
        LifecycleInvalid: With every complaint, each with its line.
    """
    inspection = inspect(text, zones=zones, countries=countries)
    if inspection.lifecycle is None:
        raise LifecycleInvalid(inspection.complaints)
    return inspection.lifecycle


def inspect(
    text: str, *, zones: Container[str] | None = None, countries: Container[str] | None = None
) -> Inspection:
    """Read and check a text; return mistakes and warnings."""
    try:
        root = root_of(text)
    except LifecycleInvalid as error:
        return Inspection(lifecycle=None, complaints=error.complaints)
    return inspect_root(root, text, zones=zones, countries=countries)


def inspect_root(
    root: Place,
    text: str,
    *,
    zones: Container[str] | None = None,
    countries: Container[str] | None = None,
) -> Inspection:
    """Read and check a text that has been parsed; its complaints are those of its root."""
    lifecycle = _read(root, text, zones)
    if lifecycle is not None and countries is not None:
        check_countries(root, lifecycle.pace.calendars, countries)
    found = dict.fromkeys(root.complaints)
    complaints = tuple(sorted(found, key=lambda complaint: complaint.line))
    fatal = any(complaint.fatal for complaint in complaints)
    return Inspection(lifecycle=None if fatal else lifecycle, complaints=complaints)


def _read(root: Place, text: str, zones: Container[str] | None) -> Lifecycle | None:
    """Read section by section, in the order in which sections refer to each other."""
    keys = root.entries(known=_KNOWN, required=_REQUIRED)
    _check_format(keys.get("format"))
    glossary = read_glossary(keys)
    if "lead" not in keys:
        return None
    lead = read_track(keys["lead"], subject=SubjectKind.LEAD, glossary=glossary)
    account = (
        read_track(keys["account"], subject=SubjectKind.ACCOUNT, glossary=glossary)
        if "account" in keys
        else no_track(root, subject=SubjectKind.ACCOUNT)
    )
    _check_companions(keys)
    declared = read_declarations(keys, glossary=glossary, lead=lead, account=account)
    events, guards = values_of(declared.events), values_of(declared.guards)
    moves = {
        track.subject: read_moves(track, events=events, guards=guards) for track in (lead, account)
    }
    check(root, glossary=glossary, declared=declared, tracks=(lead, account), moves=moves)
    return _joined(
        keys,
        root=root,
        text=text,
        time_zone=_read_zone(keys.get("time_zone"), zones),
        glossary=glossary,
        declared=declared,
        lead=lead.with_moves(moves[SubjectKind.LEAD]),
        account=account.with_moves(moves[SubjectKind.ACCOUNT]),
    )


def _joined(
    keys: Mapping[str, Place],
    *,
    root: Place,
    text: str,
    time_zone: str,
    glossary: Glossary,
    declared: Declarations,
    lead: Track,
    account: Track,
) -> Lifecycle:
    """Read the independent sections, and join them with what has been read."""
    events, vocabulary = values_of(declared.events), declared.vocabulary
    identity = read_identity(keys.get("identity"))
    origin_rules, origin_otherwise = read_origin(
        keys.get("origin"), origins=glossary.origins, vocabulary=vocabulary
    )
    exclusion = read_exclusion(
        keys.get("exclusion"),
        lead=lead,
        reasons=glossary.reasons,
        events=events,
        vocabulary=vocabulary,
    )
    lists = read_lists(keys.get("lists"), languages=glossary.languages, vocabulary=vocabulary)
    check_names({code: Placed(placed.place, placed.value.words) for code, placed in lists.items()})
    check_shared_words(events, lists, lead.moves)
    around = ScoringScope(glossary.languages, events, vocabulary)
    grades = read_grades(keys.get("grades"), around)
    check_names({code: Placed(placed.place, placed.value.words) for code, placed in grades.items()})
    target_figures = read_target_figures(glossary)
    return Lifecycle(
        name=keys["name"].matching(CODE, expected=CODE_EXPECTED) if "name" in keys else "",
        text=text,
        words=read_words(root, keys, languages=glossary.languages),
        time_zone=time_zone,
        languages=glossary.languages,
        phases=values_of(glossary.phases),
        departments=values_of(glossary.departments),
        reasons=values_of(glossary.reasons),
        classes=values_of(glossary.classes),
        origins=values_of(glossary.origins),
        origin_rules=origin_rules,
        origin_otherwise=origin_otherwise,
        lead=lead,
        account=account,
        guards=values_of(declared.guards),
        events=events,
        exclusion=exclusion,
        account_triggers=read_account_triggers(keys.get("account_events"), events),
        attributes=values_of(declared.attributes),
        value_lists=vocabulary.lists,
        free_mail_domains=vocabulary.lists.get(FREE_MAIL_LIST, frozenset()),
        role_mailboxes=identity.role_mailboxes,
        switchboards=identity.switchboards,
        placeholders=identity.placeholders,
        phone_country=identity.phone_country,
        lists=values_of(lists),
        contribution=read_contribution(
            keys.get("contribution"), origins=glossary.origins, vocabulary=vocabulary
        ),
        identifier_trust=identity.trust,
        client_names=read_client_names(keys.get("client_names"), events),
        markets=values_of(glossary.markets),
        priorities=values_of(glossary.priorities),
        outcomes=values_of(glossary.outcomes),
        segments=values_of(glossary.segments),
        account_roles=values_of(glossary.account_roles),
        industries=values_of(glossary.industries),
        jobs=values_of(glossary.jobs),
        positions=values_of(glossary.positions),
        regions=values_of(glossary.regions),
        sides=read_sides(glossary),
        department_parts=read_parts(glossary.departments),
        target_figures=target_figures,
        actuals=read_actuals(
            keys.get("actuals"),
            figures=target_figures,
            stages=(*lead.stages, *account.stages),
        ),
        targets=read_targets(
            keys.get("targets"), around, markets=glossary.markets, priorities=glossary.priorities
        ),
        scoring=read_scoring(keys.get("scoring"), around),
        grades=values_of(grades),
        qualification=read_qualification(
            keys.get("qualification"), lead=lead, events=events, vocabulary=vocabulary
        ),
        shared_numbers=read_shared_numbers(keys.get("shared_numbers")),
        pace=read_pace(keys, glossary=glossary, lead=lead, events=events, vocabulary=vocabulary),
    )


def _check_companions(keys: Mapping[str, Place]) -> None:
    """Complain about a section that has no effect without another one."""
    for section, needed in (("account_events", "account"), ("origins", "origin")):
        if section in keys and needed not in keys:
            keys[section].complain(f"needs `{needed}`; declare it, or leave this out")


def _check_format(place: Place | None) -> None:
    if place and place.scalar() != FORMAT:
        place.complain(f"expected {FORMAT}, the format that this version reads")


def _read_zone(place: Place | None, zones: Container[str] | None) -> str:
    if place is None:
        return ""
    zone = place.matching(_ZONE, expected="the name of a time zone such as Asia/Tokyo")
    if zone and zones is not None and zone not in zones:
        place.complain(f"'{zone}' is not a time zone known here")
    return zone
