"""The text of the sources that share numbers of deals, or orders.

shared_numbers:
  opportunity: [[crm, erp]]      the order system names a deal by its number in the CRM
  order: [[erp, shop]]
"""

import re

from domain.lifecycle.definition import SharedNumbers
from domain.lifecycle.text.place import Place
from domain.limits import SOURCES_SHARING_MAX

SOURCES_SHARING_MIN = 2

_KEYS = ("opportunity", "order")
_SOURCE = re.compile(r"[!-~]([ -~]{0,253}[!-~])?")


def read_shared_numbers(place: Place | None) -> SharedNumbers:
    """Read the groups of sources; a source in no group has numbers of its own."""
    keys = place.entries(known=_KEYS) if place else {}
    return SharedNumbers(*(_read_groups(keys.get(key)) for key in _KEYS))


def _read_groups(place: Place | None) -> tuple[tuple[str, ...], ...]:
    groups: list[tuple[str, ...]] = []
    seen: set[str] = set()
    for item in place.items() if place else ():
        sources = item.items()
        group = [each.matching(_SOURCE, expected="a source, as events name it") for each in sources]
        if item.is_list and not SOURCES_SHARING_MIN <= len(group) <= SOURCES_SHARING_MAX:
            item.complain(
                f"expected {SOURCES_SHARING_MIN} to {SOURCES_SHARING_MAX} sources, "
                f"found {len(group)}"
            )
        for source, each in zip(group, sources, strict=True):
            if source in seen:
                each.complain(f"'{source}' occurs twice")
            seen.add(source)
        groups.append(tuple(group))
    return tuple(groups)
