"""The text of a lifecycle as places that know their line, for complaints.

Reading never stops at the first mistake. A place with the wrong content adds a complaint and
returns an empty value, so that the author of the text sees every mistake at once.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

import yaml

from domain.lifecycle.names import suggestion
from domain.lifecycle.text.complaints import Complaint
from domain.lifecycle.text.yaml_nodes import node_of
from domain.limits import LABEL_CHARACTERS_MAX

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_TEXT_TAG = "tag:yaml.org,2002:str"
_INTEGER_TAG = "tag:yaml.org,2002:int"
_BOOLEAN_TAG = "tag:yaml.org,2002:bool"
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Place:
    """One node of the text, with its path and line.

    A class, because every reader needs all four together: the node, its name for people, its line,
    and the list of complaints.
    """

    node: yaml.Node
    path: str
    line: int
    complaints: list[Complaint]

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def complain(self, message: str) -> None:
        self.complaints.append(Complaint(line=self.line, path=self.path, message=message))

    def warn(self, message: str) -> None:
        self.complaints.append(
            Complaint(line=self.line, path=self.path, message=message, fatal=False)
        )

    def is_doubtful(self, section: str) -> bool:
        """Whether a mistake in that section may be the reason that something seems missing."""
        return any(
            complaint.fatal and complaint.path.startswith(section) for complaint in self.complaints
        )

    def at(self, key: str) -> "Place":
        """Return the entry of a key that has been read before, or this place if there is none."""
        pairs = self.node.value if isinstance(self.node, yaml.MappingNode) else ()
        for key_node, node in pairs:
            if key_node.value == key:
                return self._entry(key=key, key_node=key_node, node=node)
        return self

    def entries(
        self, *, known: Collection[str] | None = None, required: Collection[str] = ()
    ) -> dict[str, "Place"]:
        """Read a mapping; `known` None means that the author chooses the keys."""
        if not isinstance(self.node, yaml.MappingNode):
            self.complain(f"expected a mapping, found {_described(self.node)}")
            return {}
        found: dict[str, Place] = {}
        for key_node, node in self.node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            place = self._entry(key=key, key_node=key_node, node=node)
            if not key:
                place.complain("a key must be a plain word")
            elif key in found:
                place.complain(f"occurs twice; the first is on line {found[key].line}")
            elif known is not None and key not in known:
                place.complain(f"unknown key; {suggestion(key, known)}")
            else:
                found[key] = place
        self.need(required, found)
        return found

    def need(self, keys: Collection[str], found: Collection[str]) -> None:
        """Complain about each required key that is missing."""
        for key in keys:
            if key not in found:
                self.complain(f"`{key}` is missing")

    def keys(self) -> tuple[str, ...]:
        """Return the keys of a mapping before it is read; `entries` reports what is wrong."""
        pairs = self.node.value if isinstance(self.node, yaml.MappingNode) else ()
        return tuple(key.value for key, _ in pairs if isinstance(key, yaml.ScalarNode))

    def items(self) -> list["Place"]:
        if not isinstance(self.node, yaml.SequenceNode):
            self.complain(f"expected a list, found {_described(self.node)}")
            return []
        return [
            replace(self, node=node, path=f"{self.path}[{number}]", line=_line_of(node))
            for number, node in enumerate(self.node.value)
        ]

    def one_or_more(self) -> list["Place"]:
        """Read a list, or a single value as a list of one."""
        return [self] if isinstance(self.node, yaml.ScalarNode) else self.items()

    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            self.complain(f"expected text, found {_described(self.node)}")
            return ""
        value = str(self.node.value)
        if self.node.tag != _TEXT_TAG:
            self.complain(f"expected text; write it in quotes: '{value}'")
            return ""
        if not value.strip() or len(value) > LABEL_CHARACTERS_MAX:
            self.complain(f"expected 1 to {LABEL_CHARACTERS_MAX} characters, found {len(value)}")
            return ""
        return value

    def matching(self, pattern: re.Pattern[str], *, expected: str) -> str:
        value = self.text()
        if value and not pattern.fullmatch(value):
            self.complain(f"'{value}' is not {expected}")
            return ""
        return value

    def one_of(self, names: Collection[str], *, kind: str) -> str | None:
        """Read a name that must be known, or complain with the nearest known ones."""
        value = self.text()
        if value and value not in names:
            self.complain(f"'{value}' is not {kind}; {suggestion(value, names)}")
        return value if value in names else None

    def scalar(self) -> str | int | bool | None:
        """Read text, an integer, true or false; None after a complaint."""
        if isinstance(self.node, yaml.ScalarNode):
            value = str(self.node.value)
            if self.node.tag == _INTEGER_TAG and _INTEGER.fullmatch(value):
                return int(value)
            if self.node.tag == _BOOLEAN_TAG and value in _BOOLEANS:
                return _BOOLEANS[value]
        return self.text() or None

    def integer(self, least: int, most: int) -> int:
        """Read a number within bounds; the least of them after a complaint."""
        value = self.scalar()
        if type(value) is not int or not least <= value <= most:
            self.complain(f"expected a number from {least} to {most}")
            return least
        return value

    def boolean(self) -> bool:
        value = self.node.value if self.node.tag == _BOOLEAN_TAG else None
        if value not in _BOOLEANS:
            self.complain(f"expected true or false, found {_described(self.node)}")
        return value == "true"

    def _entry(self, *, key: str, key_node: yaml.Node, node: yaml.Node) -> "Place":
        path = f"{self.path}.{key}" if self.path else key
        return replace(self, node=node, path=path, line=_line_of(key_node))


def root_of(text: str) -> Place:
    """Parse YAML into its root place.

    Raises:
        LifecycleInvalid: The text is not YAML, or not one plain document.
    """
    return Place(node=node_of(text), path="", line=1, complaints=[])


def _line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _described(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return f"'{node.value}'" if node.value else "nothing"
