"""The texts of the shipped lifecycles, and of a company's own.

The shipped lifecycles share one vocabulary. The default is stored in full; the others contain only
the sections that differ and are combined with the default when they are read, because three copies
of five hundred lines would drift apart. Labels of single event types are under `event_labels`,
because the section of all events is too long to repeat. The published text is always complete.
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
    """There is no shipped lifecycle and no file of this name."""


def read_lifecycle_text(name_or_path: str) -> str:
    """Return the YAML text of a shipped lifecycle, or of a file."""
    if name_or_path in SHIPPED:
        return shipped_text(name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        raise LifecycleNotFound(
            f"file {name_or_path} not found; the shipped lifecycles are: {', '.join(SHIPPED)}"
        )
    return path.read_text(encoding="utf-8")


def shipped_text(name: str) -> str:
    """Return the complete text of a shipped lifecycle."""
    text = _stored(DEFAULT)
    return text if name == DEFAULT else with_sections(text, _stored(name))


def with_sections(text: str, others: str) -> str:
    """Replace the sections that `others` also has; append those that are new."""
    sections = {**_sections(text), **_sections(others)}
    labels = _EVENT_LABEL.finditer(sections.pop("event_labels", ""))
    whole = "\n".join(sections.values())
    for label in labels:
        whole = _relabelled(whole, label["type"], label["label"])
    return whole


def _relabelled(text: str, type: str, label: str) -> str:
    """Replace the label of an event type, whether its entry spans one line or several."""
    entry = re.compile(rf"(?m)(^    {re.escape(type)}:\s+\{{?label: )\{{[^}}]*\}}")
    changed, number = entry.subn(lambda found: found[1] + label, text)
    assert number == 1, f"{type} is declared {number} times"
    return changed


def _sections(text: str) -> dict[str, str]:
    """Split a text at its top-level keys; the comment above a key belongs to its section."""
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
