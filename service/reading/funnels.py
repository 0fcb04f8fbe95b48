"""The funnel's figures in JSON: codes, with labels if a language is requested."""

from collections.abc import Sequence

from domain.lifecycle.definition import UNPLACED, Lifecycle, Track
from domain.times import format_optional_utc, format_utc
from projections.funnel.figures import (
    Breakdown,
    Flow,
    FlowPart,
    Funnel,
    FunnelPart,
    StageFigures,
    StageFlow,
)
from service.ingest.labels import label_of
from service.shapes import funnel as shapes

_UNDETERMINED = {"ja": "未確定", "en": "undetermined"}
"""The origin of unknown visitors: it is not a code of the lifecycle, so has no words there."""


class Labels:
    """The words of one language. A class, because every part of an answer needs them.

    Without a language it adds nothing.
    """

    def __init__(self, lifecycle: Lifecycle, language: str | None) -> None:
        self._lifecycle = lifecycle
        self._language = language

    def of_stage(self, track: Track, stage: str) -> shapes.StageLabel:
        """Return the label of a stage, or its code if the current lifecycle lacks the stage."""
        if self._language is None or stage == UNPLACED:
            return {}
        return {"stage_label": label_of(track.stages, stage, self._language)}

    def of_value(self, breakdown: Breakdown, value: str | None) -> shapes.PartValue:
        """Describe the value of a part, with its label if it is an origin; others are not codes."""
        return self.of_origin(value) if breakdown is Breakdown.ORIGIN else {"value": value}

    def of_origin(self, value: str | None) -> shapes.PartValue:
        if self._language is None:
            return {"value": value}
        if value is None:
            label = _UNDETERMINED.get(self._language, _UNDETERMINED["en"])
            return {"value": value, "value_label": label}
        if value not in self._lifecycle.origins:
            return {"value": value}
        label = label_of(self._lifecycle.origins, value, self._language)
        return {"value": value, "value_label": label}

    @property
    def leads(self) -> Track:
        return self._lifecycle.lead

    @property
    def accounts(self) -> Track:
        return self._lifecycle.account


def describe_funnel(funnel: Funnel, labels: Labels) -> shapes.Funnel:
    """Describe the leads and accounts in each stage."""
    return {
        "as_of_position": str(funnel.position),
        "lifecycle": funnel.lifecycle_version,
        "as_of": format_optional_utc(funnel.as_of),
        "by": _by(funnel.breakdown),
        **_funnel_part(funnel.total, labels),
        "parts": [
            {**labels.of_value(funnel.breakdown, part.value), **_funnel_part(part, labels)}
            for part in funnel.parts
        ],
    }


def describe_flow(flow: Flow, labels: Labels) -> shapes.Flow:
    """Describe entries and exits."""
    return {
        "as_of_position": str(flow.position),
        "lifecycle": flow.lifecycle_version,
        "from": format_utc(flow.since),
        "to": format_utc(flow.until),
        "by": _by(flow.breakdown),
        **_flow_part(flow.total, labels),
        "parts": [
            {**labels.of_value(flow.breakdown, part.value), **_flow_part(part, labels)}
            for part in flow.parts
        ],
    }


def _by(breakdown: Breakdown) -> str | None:
    return None if breakdown is Breakdown.NONE else str(breakdown)


def _funnel_part(part: FunnelPart, labels: Labels) -> shapes.TracksFigures:
    return {
        "leads": {
            "unplaced": part.leads_unplaced,
            "stages": _figures(part.leads, labels, labels.leads),
        },
        "accounts": {
            "unplaced": part.accounts_unplaced,
            "stages": _figures(part.accounts, labels, labels.accounts),
        },
    }


def _figures(
    stages: Sequence[StageFigures], labels: Labels, track: Track
) -> list[shapes.StageFigures]:
    return [
        {
            "stage": figures.stage,
            "standing": figures.standing,
            "entered": figures.entered,
            "reached": figures.reached,
            **labels.of_stage(track, figures.stage),
        }
        for figures in stages
    ]


def _flow_part(part: FlowPart, labels: Labels) -> shapes.TracksFlow:
    return {
        "leads": _flows(part.leads, labels, labels.leads),
        "accounts": _flows(part.accounts, labels, labels.accounts),
    }


def _flows(stages: Sequence[StageFlow], labels: Labels, track: Track) -> list[shapes.StageFlow]:
    return [
        {
            "stage": flow.stage,
            "before": flow.before,
            "entries": flow.entries,
            "reentries": flow.reentries,
            "exits": dict(flow.exits),
            "after": flow.after,
            **labels.of_stage(track, flow.stage),
        }
        for flow in stages
    ]
