"""One plain YAML document, and what is refused before its content is read.

Anchors, aliases and tags are refused: a lifecycle needs none of them, and an alias can make a
short text grow without bound. Duplicate keys are found where mappings are read.
"""

from typing import Any, NoReturn

import yaml

from domain.lifecycle.text.complaints import Complaint, LifecycleInvalid
from domain.limits import LIFECYCLE_CHARACTERS_MAX, LIFECYCLE_DEPTH_MAX, LIFECYCLE_NODES_MAX

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def node_of(text: str) -> yaml.Node:
    """Parse one document into nodes that know their lines.

    Raises:
        LifecycleInvalid: The text is not YAML, too large, too deep, or not one plain document.
    """
    if len(text) > LIFECYCLE_CHARACTERS_MAX:
        _refuse(1, f"expected at most {LIFECYCLE_CHARACTERS_MAX} characters, found {len(text)}")
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(mark.line + 1 if mark else 1, f"is not YAML: {error.problem or error.context}")
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        _refuse(1, f"is not YAML: {' '.join(str(error).split())}")
    if node is None:
        _refuse(1, "expected a mapping, found nothing")
    return node


def _check_events(text: str) -> None:
    depth = documents = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if getattr(event, "anchor", None):  # an alias names its anchor too
            _refuse(line, "anchors and aliases are not allowed; write the value out")
        if tag := getattr(event, "tag", None):
            _refuse(line, f"tags are not allowed; found {tag}")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > LIFECYCLE_DEPTH_MAX or nodes > LIFECYCLE_NODES_MAX:
            _refuse(
                line,
                f"expected at most {LIFECYCLE_NODES_MAX} values, "
                f"at most {LIFECYCLE_DEPTH_MAX} deep",
            )
        if documents > 1:
            _refuse(line, "expected one document; a second one begins here")


def _refuse(line: int, message: str) -> NoReturn:
    raise LifecycleInvalid((Complaint(line=line, path="", message=message),))
