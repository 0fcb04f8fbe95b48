"""What the text declares for events to carry and for conditions to read."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.lifecycle.definition import EventType, Field, Guard
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.events import CodeList, EventScope, read_events, read_fields
from domain.lifecycle.text.sections.glossary import Glossary
from domain.lifecycle.text.sections.identity_and_exclusion import read_guards, read_value_lists
from domain.lifecycle.text.sections.track import PlacedTrack
from domain.lifecycle.text.vocabulary import OF_SECTION, Vocabulary, channel_paths, known_paths
from domain.lifecycle.text.words import Placed, values_of


@dataclass(frozen=True, slots=True)
class Declarations:
    attributes: Mapping[str, Placed[Field]]
    fields: Mapping[str, Placed[Field]]
    events: Mapping[str, Placed[EventType]]
    guards: Mapping[str, Placed[Guard]]
    vocabulary: Vocabulary


def read_declarations(
    keys: Mapping[str, Place], *, glossary: Glossary, lead: PlacedTrack, account: PlacedTrack
) -> Declarations:
    """Read them in the order in which they refer to each other."""
    code_lists = _code_lists(glossary, lead=lead, account=account)
    word_lists = read_value_lists(keys.get("value_lists"))
    attributes = read_fields(keys.get("attributes"), code_lists, word_lists)
    fields = read_fields(keys.get("fields"), code_lists, word_lists)
    around = EventScope(
        languages=glossary.languages, departments=glossary.departments, fields=values_of(fields)
    )
    events = read_events(keys.get("events"), around)
    paths = known_paths(
        lead_stages=lead.stages,
        account_stages=account.stages,
        origins=glossary.origins,
        departments=glossary.departments,
        attributes=values_of(attributes),
        events=values_of(events),
        likelihood=_likelihood_paths(keys, glossary),
    ) | channel_paths(keys.get("consent"))
    vocabulary = Vocabulary(paths=paths, lists=word_lists)
    guards = read_guards(keys.get("guards"), languages=glossary.languages, vocabulary=vocabulary)
    return Declarations(
        attributes=attributes, fields=fields, events=events, guards=guards, vocabulary=vocabulary
    )


def _likelihood_paths(keys: Mapping[str, Place], glossary: Glossary) -> dict[str, tuple[str, ...]]:
    """Return the paths of the sections that the text has, with their possible codes."""
    codes = {
        "lead.grade": keys["grades"].keys() if "grades" in keys else (),
        "lead.market": tuple(glossary.markets),
        "lead.priority": tuple(glossary.priorities),
    }
    return {
        path: codes.get(path, ())
        for section, paths in OF_SECTION.items()
        if section in keys
        for path in paths
    }


def _code_lists(
    glossary: Glossary, *, lead: PlacedTrack, account: PlacedTrack
) -> dict[str, CodeList]:
    """Return the lists that a field of type code may take its values from."""
    return {
        "reasons": values_of(glossary.reasons),
        "classes": values_of(glossary.classes),
        "departments": values_of(glossary.departments),
        "origins": values_of(glossary.origins),
        "markets": values_of(glossary.markets),
        "priorities": values_of(glossary.priorities),
        "outcomes": values_of(glossary.outcomes),
        "segments": values_of(glossary.segments),
        "account_roles": values_of(glossary.account_roles),
        "target_figures": values_of(glossary.target_figures),
        "industries": values_of(glossary.industries),
        "jobs": values_of(glossary.jobs),
        "positions": values_of(glossary.positions),
        "regions": values_of(glossary.regions),
        "lead_stages": {code: placed.value.words for code, placed in lead.stages.items()},
        "account_stages": {code: placed.value.words for code, placed in account.stages.items()},
    }
