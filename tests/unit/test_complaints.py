"""Every mistake that one of our shapes can find is reported in our own words, without exception."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from events.signals.native_schema import NativeEvent
from events.signals.validation import EXPECTED, UNKNOWN, complaint_of, expected_of
from service.app import create_app
from service.routes.keys import NewKey
from service.settings import Settings, SettingsInvalid, read_settings

WRONG: tuple[Any, ...] = (
    *(
        None,
        True,
        7,
        -1,
        2**40,
        2**70,
        1.5,
        "",
        "x",
        "-1",
        "1.5",
        "9" * 30,
        "9" * 5_000,
        "\0",
        "ä" * 10_000,
    ),
    *([], [None], ["\0"], [7] * 1_001, {}, {"x": None}, {"": {}}),
)
"""Of every kind that JSON or a query string has."""
PYDANTIC = re.compile(r"Input|Extra inputs|should|valid |parse|permitted|\{")
"""How the checker speaks."""


def models(of: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """List our own models that are read into, excluding those of other packages."""
    for model in of.__subclasses__():
        if model.__module__.startswith(("service.", "events.")):
            yield model
        yield from models(model)


def mistakes(model: type[BaseModel]) -> Iterator[ErrorDetails]:
    for name, value in [(name, value) for name in model.model_fields for value in WRONG]:
        try:
            TypeAdapter(model).validate_python({name: value, "unheard": 1})
        except ValidationError as error:
            yield from error.errors(include_input=False)


def mistakes_in_parameters() -> Iterator[Any]:
    app = create_app(lambda: pytest.fail("the application is not started"))
    for route in app.routes:
        if isinstance(route, APIRoute):
            for field in (*route.dependant.query_params, *route.dependant.path_params):
                for value in WRONG:
                    _, errors = field.validate(value, {}, loc=("query", field.name))
                    yield from errors or []


def test_every_mistake_has_words_of_ours() -> None:
    found: dict[str, str] = {}
    for model in models():
        found |= {one["type"]: expected_of(one) for one in mistakes(model)}
    found |= {one["type"]: expected_of(one) for one in mistakes_in_parameters()}
    # A setting's own check says itself what it expects.
    own = {"value_error"}
    assert found.keys() - own == EXPECTED.keys() | {UNKNOWN}
    assert not [words for kind, words in found.items() if PYDANTIC.search(words)], found
    assert {NativeEvent, NewKey, Settings} <= set(models())


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"name": "x", "sources": ["x"], "scope": []}, "No field of this name is expected here."),
        ({"name": "x"}, "The field sources is missing."),
        ({"name": 7, "sources": ["x"]}, "The field name is not a string."),
        ({"name": "x", "sources": [7]}, "A value in the field sources is not a string."),
        (
            {"name": "x", "sources": ["x"], "events_per_second": 0},
            "The field events_per_second is not at least 1.",
        ),
        ([], "The value is not an object."),
    ],
)
def test_a_complaint_is_a_sentence(asked: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(NewKey).validate_python(asked)
    assert complaint_of(raised.value).detail == sentence


def test_a_wrong_setting_is_reported_in_the_same_words() -> None:
    with pytest.raises(SettingsInvalid) as raised:
        read_settings({"LEADLEDGER_WORKERS": "many", "LEADLEDGER_LOG_FORMAT": "xml"})
    assert str(raised.value).splitlines() == [
        "LEADLEDGER_WORKERS: expected an integer",
        "LEADLEDGER_LOG_FORMAT: expected a string that matches ^(text|json)$",
    ]
