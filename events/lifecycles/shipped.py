"""The lifecycles that come with the product, and those of a company's own, as text.

The shipped definitions share one vocabulary. The default is written out; the others say only what
differs, section by section, and are put together to one whole text when they are read: three copies
of five hundred lines would drift apart. What a single event type is called there stands under
`event_labels`, since the section of all events would be too much to repeat. What is published is
always the whole text.
"""

import re
from importlib.resources import files
from pathlib import Path

DEFAULT = "demand_funnel"
SHIPPED = (DEFAULT, "lead_management", "merged")

_SECTION = re.compile(r"(?m)^(?P<key>[a-z_]+):")
_EVENT_LABEL = re.compile(r"(?m)^  (?P<type>[a-z._]+): (?P<label>\{.*\})$")
_COMMENT_BEFORE = re.compile(r"(?m)(?:^#.*\n)+\Z")


class LifecycleNotFound(Exception):
    """No shipped lifecycle and no file has this name."""


def read_lifecycle_text(name_or_path: str) -> str:
    """Return the YAML text of a shipped lifecycle, or of a file."""
    if name_or_path in SHIPPED:
        return shipped_text(name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        raise LifecycleNotFound(
            f"found no file {name_or_path}; shipped lifecycles are: {', '.join(SHIPPED)}"
        )
    return path.read_text(encoding="utf-8")


def shipped_text(name: str) -> str:
    """Return a shipped lifecycle as one whole text."""
    text = _stored(DEFAULT)
    return text if name == DEFAULT else with_sections(text, _stored(name))


def with_sections(text: str, others: str) -> str:
    """Put the sections of `others` in place of those of the same name; new ones go to the end."""
    sections = {**_sections(text), **_sections(others)}
    labels = _EVENT_LABEL.finditer(sections.pop("event_labels", ""))
    whole = "\n".join(sections.values())
    for one in labels:
        whole = _relabelled(whole, one["type"], one["label"])
    return whole


def _relabelled(text: str, type: str, label: str) -> str:
    """Call an event type something else, whether its entry stands on one line or on several."""
    entry = re.compile(rf"(?m)(^    {re.escape(type)}:\s+\{{?label: )\{{[^}}]*\}}")
    changed, number = entry.subn(lambda found: found[1] + label, text)
    assert number == 1, f"{type} is declared {number} times"
    return changed


def _sections(text: str) -> dict[str, str]:
    """Part a text at its top-level keys; the comment above a key belongs to it."""
    found = [(_begin(text, key.start()), key["key"]) for key in _SECTION.finditer(text)]
    ends = [start for start, _ in found[1:]] + [len(text)]
    return {
        key: text[start:end].rstrip() + "\n" for (start, key), end in zip(found, ends, strict=True)
    }


def _begin(text: str, start: int) -> int:
    comment = _COMMENT_BEFORE.search(text[:start])
    return comment.start() if comment else start


def _stored(name: str) -> str:
    return files("domain.lifecycles").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
