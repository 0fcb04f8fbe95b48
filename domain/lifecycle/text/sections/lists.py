"""The text of the named lists: which leads are on them, and for how long."""

from collections.abc import Collection

from domain.lifecycle.definition import LeadList
from domain.lifecycle.text.conditions import UNREADABLE, read_condition
from domain.lifecycle.text.place import Place
from domain.lifecycle.text.sections.events import read_names
from domain.lifecycle.text.vocabulary import Vocabulary, is_of_lead
from domain.lifecycle.text.words import WORD_KEYS, Placed, check_code, read_words
from domain.limits import LIST_DAYS_MAX

LIST_KEYS = (*WORD_KEYS, "when", "acquired_within_days", "held_before_days", "by")


def read_lists(
    place: Place | None, *, languages: Collection[str], vocabulary: Vocabulary
) -> dict[str, Placed[LeadList]]:
    """Read the lists. They are judged at any time, so they cannot read an event.

    Nor can they read a score, which ages without an event; a grade has an event when it changes.
    """
    asked = vocabulary.without_event().without_score()
    return {
        code: Placed(entry, _read_list(entry, code, languages, asked))
        for code, entry in (place.entries().items() if place else ())
    }


def _read_list(
    place: Place, code: str, languages: Collection[str], vocabulary: Vocabulary
) -> LeadList:
    check_code(place, code)
    keys = place.entries(known=LIST_KEYS, required=("when",))
    condition = read_condition(keys["when"], vocabulary) if "when" in keys else None
    lead_paths = [path for path in vocabulary.paths if is_of_lead(path)]
    return LeadList(
        code=code,
        words=read_words(place, keys, languages=languages, defined=True),
        condition=condition or UNREADABLE,
        acquired_within_days=_read_days(keys.get("acquired_within_days")),
        held_before_days=_read_days(keys.get("held_before_days")),
        by=read_names(keys.get("by"), lead_paths, kind="a path of a lead"),
    )


def _read_days(place: Place | None) -> int | None:
    if place is None:
        return None
    value = place.scalar()
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LIST_DAYS_MAX:
        place.complain(f"expected a number of days from 1 to {LIST_DAYS_MAX}")
        return None
    return value
