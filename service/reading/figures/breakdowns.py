"""Breakdowns in words, and their values in JSON with the words that the lifecycle has for them."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from domain.lifecycle.definition import Lifecycle
from domain.lifecycle.words import Words
from domain.traits import AUTOMATIC
from projections.figures.question import BETWEEN_VALUES, Dimension
from service.ingest.labels import Worded, label_of
from service.shapes import figures as shapes

DIMENSIONS: Final[Mapping[Dimension, Words]] = {
    Dimension.ORIGIN: Words(
        {"ja": "獲得元", "en": "origin"},
        {
            "ja": "ステージに入った時点での、そのサイクルの獲得元",
            "en": "Whose work brought the lead in this pass, as of the entry into the stage.",
        },
    ),
    Dimension.SIDE: Words(
        {"ja": "マーケ起因・営業起因", "en": "side"},
        {
            "ja": "獲得元を、マーケティング組織起因と営業組織・販売店に分けたもの。"
            "どちらにも属さない獲得元はそのまま示す",
            "en": "The origin by side: brought by marketing, or by sales and resellers. An origin "
            "that belongs to neither is counted on its own.",
        },
    ),
    Dimension.CHANNEL: Words(
        {"ja": "チャネル", "en": "channel"},
        {
            "ja": "ステージに入った時点での、そのサイクルのチャネル",
            "en": "The channel of the pass, as of the entry into the stage.",
        },
    ),
    Dimension.MONTH: Words(
        {"ja": "流入月", "en": "month"},
        {
            "ja": "ステージに入った月(ライフサイクルのタイムゾーン)",
            "en": "The month of the entry into the stage, in the lifecycle's time zone.",
        },
    ),
    Dimension.ACQUIRED: Words(
        {"ja": "獲得月", "en": "month acquired"},
        {
            "ja": "個人情報を初めて得た月。ステージに入った時点で匿名なら値なし",
            "en": "The month in which the person became known; none if still anonymous at the "
            "entry into the stage.",
        },
    ),
    Dimension.JOURNEY: Words(
        {"ja": "サイクル", "en": "pass"},
        {
            "ja": "リードの何サイクル目か",
            "en": "Which journey of the lead it is: 1 for the first.",
        },
    ),
    Dimension.DEPARTMENT: Words(
        {"ja": "担当部門", "en": "department"},
        {
            "ja": "ステージを受け持つ部門。引渡し先の部門、なければステージの所有部門",
            "en": "The department in charge in the stage: the one that leads are handed over to "
            "there, else the one that owns the stage.",
        },
    ),
    Dimension.CAMPAIGN: Words(
        {"ja": "施策", "en": "campaign"},
        {
            "ja": "そのサイクルをもたらした施策",
            "en": "The campaign that brought the lead in this pass.",
        },
    ),
    Dimension.ACQUIRED_BY: Words(
        {"ja": "獲得方法", "en": "acquired by"},
        {
            "ja": "個人情報を初めて得た報告の種類(名刺、フォーム、セミナーなど)",
            "en": "The type of the report by which the person became known, such as a card or a "
            "form.",
        },
    ),
    Dimension.ENTERED_BY: Words(
        {"ja": "流入の契機", "en": "entered by"},
        {
            "ja": "ステージに入った契機: 報告や判断の種類、選定、またはルールによる自動",
            "en": "What moved it into the stage: the type of the report or decision, a selection "
            "run, or a rule.",
        },
    ),
    Dimension.OWNER: Words(
        {"ja": "担当者", "en": "owner"},
        {
            "ja": "担当者。部門が替わればその部門の担当者",
            "en": "The person in charge.",
        },
    ),
    Dimension.MARKET: Words(
        {"ja": "市場", "en": "market"},
        {
            "ja": "ターゲットの市場",
            "en": "The market of the target that the lead is.",
        },
    ),
    Dimension.PRIORITY: Words(
        {"ja": "優先度", "en": "priority"},
        {
            "ja": "ターゲットの優先度",
            "en": "The priority of the target that the lead is.",
        },
    ),
    Dimension.ACCOUNT: Words(
        {"ja": "企業", "en": "account"},
        {
            "ja": "リードの企業",
            "en": "The company of the lead.",
        },
    ),
    Dimension.PRODUCT: Words(
        {"ja": "商材", "en": "product"},
        {
            "ja": "そのサイクルで関心または商談の対象となった商材",
            "en": "The product that the lead asked about or the deal is for, in this pass.",
        },
    ),
    Dimension.BUSINESS: Words(
        {"ja": "商談の種類", "en": "business"},
        {
            "ja": "新規、クロスセル、更新",
            "en": "New business, cross-selling or a renewal, as reported for this pass.",
        },
    ),
    Dimension.RESELLER: Words(
        {"ja": "販売店", "en": "reseller"},
        {
            "ja": "そのサイクルを担当する販売店",
            "en": "The reseller that sells to the lead in this pass.",
        },
    ),
    Dimension.SCREENED_AS: Words(
        {"ja": "スクリーニング結果", "en": "screened as"},
        {
            "ja": "最後に完了したスクリーニングの分類",
            "en": "The class of the last completed screening of this pass.",
        },
    ),
    Dimension.SEGMENT: Words(
        {"ja": "セグメント", "en": "segment"},
        {
            "ja": "顧客のセグメント(企業のみ)",
            "en": "The segment of a customer: of companies only.",
        },
    ),
    Dimension.KEY_ROLE: Words(
        {"ja": "守り・攻め", "en": "key role"},
        {
            "ja": "守る顧客か攻める顧客か(企業のみ)",
            "en": "Whether to defend or attack a customer: of companies only.",
        },
    ),
    Dimension.INDUSTRY: Words(
        {"ja": "業種", "en": "industry"},
        {
            "ja": "リードの業種",
            "en": "The industry of the person.",
        },
    ),
    Dimension.JOB: Words(
        {"ja": "職種", "en": "job"},
        {
            "ja": "リードの職種",
            "en": "The job of the person.",
        },
    ),
    Dimension.POSITION: Words(
        {"ja": "職位", "en": "position"},
        {
            "ja": "リードの職位",
            "en": "The position of the person.",
        },
    ),
    Dimension.REGION: Words(
        {"ja": "地域", "en": "region"},
        {
            "ja": "リードの地域",
            "en": "The region of the person.",
        },
    ),
    Dimension.COMPANY_SIZE: Words(
        {"ja": "企業規模", "en": "company size"},
        {
            "ja": "リードの企業規模",
            "en": "The size of the company, as reported for the person.",
        },
    ),
}

Things: TypeAlias = Mapping[str, Words] | Mapping[str, Worded]

_LISTS: Final[Mapping[Dimension, Callable[[Lifecycle], Things]]] = {
    Dimension.ORIGIN: lambda lifecycle: lifecycle.origins,
    Dimension.SIDE: lambda lifecycle: {**lifecycle.origins, **_words_of(lifecycle.sides)},
    Dimension.DEPARTMENT: lambda lifecycle: lifecycle.departments,
    Dimension.ACQUIRED_BY: lambda lifecycle: lifecycle.events,
    Dimension.ENTERED_BY: lambda lifecycle: lifecycle.events,
    Dimension.MARKET: lambda lifecycle: lifecycle.markets,
    Dimension.PRIORITY: lambda lifecycle: lifecycle.priorities,
    Dimension.SCREENED_AS: lambda lifecycle: lifecycle.classes,
    Dimension.SEGMENT: lambda lifecycle: lifecycle.segments,
    Dimension.KEY_ROLE: lambda lifecycle: lifecycle.account_roles,
    Dimension.INDUSTRY: lambda lifecycle: lifecycle.industries,
    Dimension.JOB: lambda lifecycle: lifecycle.jobs,
    Dimension.POSITION: lambda lifecycle: lifecycle.positions,
    Dimension.REGION: lambda lifecycle: lifecycle.regions,
}
_OURS: Final[Mapping[tuple[Dimension, str], Mapping[str, str]]] = {
    (Dimension.ORIGIN, ""): {"ja": "未確定", "en": "undetermined"},
    (Dimension.SIDE, ""): {"ja": "未確定", "en": "undetermined"},
    (Dimension.ENTERED_BY, AUTOMATIC): {"ja": "自動(ルールによる)", "en": "automatic, by a rule"},
    (Dimension.BUSINESS, "new"): {"ja": "新規", "en": "new business"},
    (Dimension.BUSINESS, "cross_sell"): {"ja": "クロスセル", "en": "cross-selling"},
    (Dimension.BUSINESS, "renewal"): {"ja": "更新", "en": "renewal"},
}
"""Words for values that no lifecycle declares."""


def _words_of(things: Mapping[str, Worded]) -> Mapping[str, Words]:
    return {code: thing.words for code, thing in things.items()}


def describe_values(
    by: tuple[Dimension, ...], joined: str, lifecycle: Lifecycle, language: str | None
) -> shapes.PartValues:
    """Describe the values that a part has in common."""
    values = [
        (value, _label(dimension, value, lifecycle, language))
        for dimension, value in zip(by, joined.split(BETWEEN_VALUES), strict=True)
    ]
    (value, label), *others = values
    content: shapes.PartValues = {"value": value or None}
    if label is not None:
        content["value_label"] = label
    for other, label in others:
        content["second_value"] = other or None
        if label is not None:
            content["second_value_label"] = label
    return content


def _label(
    dimension: Dimension, value: str, lifecycle: Lifecycle, language: str | None
) -> str | None:
    if language is None:
        return None
    ours = _OURS.get((dimension, value))
    if ours is not None:
        return ours.get(language, ours["en"])
    things = _LISTS[dimension](lifecycle) if dimension in _LISTS else {}
    return label_of(things, value, language) if value in things else None
