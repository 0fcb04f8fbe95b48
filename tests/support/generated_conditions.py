"""Generate rules and facts for the laws that need conditions."""

from decimal import Decimal

from hypothesis import strategies as st

from domain.lifecycle.conditions import (
    Absent,
    Among,
    AtLeast,
    AtMost,
    Equals,
    Every,
    InDomainList,
    OnPage,
    Opposite,
    Rule,
    Some,
)

TEXT_PATHS = ("event.channel", "lead.industry")
NUMBER_PATHS = ("lead.open_opportunities", "event.value")
DOMAIN_PATH = "lead.company_domain"
KNOWN_PATH = "lead.known"
PAGE_PATH = "event.page"

_words = st.sampled_from(("web", "phone", "mail"))
_lists = st.sampled_from(("competitors", "schools", "school"))
_pages = st.sampled_from(("/", "/pricing", "/pricing/plans", "Pricing"))
_addresses = st.sampled_from(
    ("/pricing", "/pricing/?a=b", "https://acme.example/pricing#x", "acme.example/", "Pricing")
)
_numbers = st.integers(min_value=-2, max_value=2)
_amounts = _numbers | st.sampled_from(("0.5", "-1.25", "1"))


def rules(*, with_absent: bool = True) -> st.SearchStrategy[Rule]:
    """Generate rules; without `with_absent`, omit the one test that unknown values satisfy."""
    text_paths = st.sampled_from(TEXT_PATHS)
    number_paths = st.sampled_from(NUMBER_PATHS)
    absent = st.builds(Absent, text_paths | number_paths, st.booleans())
    leaves: st.SearchStrategy[Rule] = st.one_of(
        *((absent,) if with_absent else ()),
        st.builds(Equals, text_paths, _words),
        st.builds(Equals, st.just(KNOWN_PATH), st.booleans()),
        st.builds(Among, text_paths, st.frozensets(_words)),
        st.builds(InDomainList, st.just(DOMAIN_PATH), _lists),
        st.builds(OnPage, st.just(PAGE_PATH), st.frozensets(_pages)),
        st.builds(AtLeast, number_paths, _numbers | st.just(Decimal("0.5"))),
        st.builds(AtMost, number_paths, _numbers | st.just(Decimal("0.5"))),
    )
    return st.recursive(leaves, _joined, max_leaves=12)


def _joined(parts: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.builds(Every, several) | st.builds(Some, several) | st.builds(Opposite, parts)


known_facts = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(TEXT_PATHS, st.none() | _words),
        "lead.open_opportunities": st.none() | _numbers,
        "event.value": st.none() | _amounts,
        DOMAIN_PATH: st.none() | st.sets(_lists).map(lambda names: " ".join(sorted(names))),
        KNOWN_PATH: st.none() | st.booleans(),
        PAGE_PATH: st.none() | _addresses,
    },
)

PATHS = (*TEXT_PATHS, *NUMBER_PATHS, DOMAIN_PATH, KNOWN_PATH, PAGE_PATH)
