"""The words for one entry: label and definition per language, and other names."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Words:
    """Label and definition per language (`ja`, `en`), and the other names people use."""

    label: Mapping[str, str]
    definition: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
