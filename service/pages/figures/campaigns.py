"""`/campaigns`: whom campaigns touched, how far those got, what they bought, and at what cost."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from projections.figures.costs import CostOf
from projections.figures.money.bought import GROSS_PROFIT, ORDERS, VALUE
from projections.figures.money.campaigns import (
    ACQUIRED,
    CAMPAIGNS,
    CLASSES,
    CONTACTS,
    DUPLICATES,
    TOUCHED,
    stages_of_results,
)
from projections.figures.parameters import WITHIN
from projections.figures.question import Dimension, FigurePart, FigureRow
from service.keys.scopes import Scope
from service.limits import WITHIN_DAYS_DEFAULT
from service.pages.figures.funnel import PARTS_SHOWN_MAX
from service.pages.figures.numbers import FigureOnPage, LinkedNumber, ask, percent
from service.pages.figures.one import FORMAT, FORMATS
from service.pages.frame.answering import PageRoute, asked_of
from service.pages.frame.charts import Segment, stack
from service.pages.frame.looking import PARAMETERS, PERIOD_DEFAULT, last_day, looking_at
from service.pages.frame.rendering import page, view_of
from service.reading.figures.periods import PERIODS
from service.sessions.visiting import admit

router = APIRouter(include_in_schema=False, route_class=PageRoute)

COLUMNS: Final = (CONTACTS, *CLASSES, DUPLICATES)
LOOKS: Final = dict(zip(CLASSES, ("a0", "a1", "a2", "a4", "a3"), strict=True))
"""What contacts divide into, each with the class by which the style sheet colours it."""
AMOUNTS: Final = (f"{ORDERS}_{VALUE}_", f"{ORDERS}_{GROSS_PROFIT}_")
"""How the rows of amounts begin that are shown, before the currency."""
WHOLE_FROM: Final = 100
"""Amounts from here on are shown without decimals."""


class CampaignRow(NamedTuple):
    """One campaign, or all of them."""

    label: str
    drawing: Markup
    contacts: list[LinkedNumber]
    target_share: str | None
    results: list[tuple[LinkedNumber, LinkedNumber]]
    """For each stage, the orders and the amounts: from the touch, and from the acquisition."""
    costs: list[tuple[str, str, list[str | None]]]
    """Currency, the cost, and that of a lead, and of one result of each stage and order."""


@router.get("/campaigns", response_model=None)
async def get_campaigns_page(request: Request) -> Response:
    """Show campaigns. Raises LogInNeeded, and Problem: scope-missing, parameter-invalid."""
    await admit(request, Scope.PROJECTIONS_READ)
    view = view_of(request, asked_of(request, *PARAMETERS, WITHIN.name))
    async with looking_at(request, view.asked, CAMPAIGNS.reads) as looking:
        campaigns = await ask(view, looking, CAMPAIGNS, by=Dimension.CAMPAIGN)
    question = campaigns.question
    results = [*stages_of_results(looking.lifecycle), ORDERS]
    amounts = [row.key.name for row in campaigns.rows if row.key.name.startswith(AMOUNTS)]
    scale = max((_row(part.rows, CONTACTS).counts[CONTACTS] for part in campaigns.parts), default=0)
    shown = campaigns.parts[:PARTS_SHOWN_MAX]
    return page(
        "campaigns.html",
        view,
        looking=looking,
        question=question,
        last_day=last_day(question, view.words.zone),
        campaigns=campaigns,
        columns=COLUMNS,
        looks=LOOKS,
        results=[_label(campaigns, name) for name in (*results, *amounts)],
        priced=[view.words("campaigns.lead"), *(_label(campaigns, name) for name in results)],
        rows=[_campaign(campaigns, part, (results, amounts), scale) for part in shown],
        total=_campaign(campaigns, None, (results, amounts), 0),
        left_out=len(campaigns.parts) - len(shown),
        traps=[trap[view.words.language] for trap in CAMPAIGNS.traps],
        files=[
            (name.upper(), view.url("/figures/campaigns", **campaigns.given, **{FORMAT: name}))
            for name in FORMATS
        ],
        within=view.asked.get(WITHIN.name, str(WITHIN_DAYS_DEFAULT)),
        periods=PERIODS,
        period_default=PERIOD_DEFAULT,
        pinned=view.again(**looking.pinned(question)),
        is_empty=looking.reading.position == 0,
    )


def _campaign(
    one: FigureOnPage,
    part: FigurePart | None,
    names: tuple[Sequence[str], Sequence[str]],
    scale: int,
) -> CampaignRow:
    rows = part.rows if part is not None else one.rows
    label = one.value_label(part.value) if part is not None else one.view.words("campaigns.total")
    contacts, (results, amounts) = _row(rows, CONTACTS), names
    segments = [
        Segment(
            contacts.counts[name],
            look,
            f"{label} · {one.heading(name)}: {contacts.counts[name]:,}",
        )
        for name, look in LOOKS.items()
    ]
    found = [_row(rows, name) for name in (*results, *amounts)]
    return CampaignRow(
        label,
        stack(segments, scale=scale or contacts.counts[CONTACTS]),
        [one.number(contacts, name, part) for name in COLUMNS],
        percent(contacts.shares["target_share"]),
        [(one.number(row, TOUCHED, part), one.number(row, ACQUIRED, part)) for row in found],
        list(_costs(contacts.costs or {}, found[: len(results)])),
    )


def _costs(
    of_leads: Mapping[str, CostOf], results: Sequence[FigureRow]
) -> Iterator[tuple[str, str, list[str | None]]]:
    for currency, cost in of_leads.items():
        each = [cost.each, *((row.costs or {})[currency].each for row in results)]
        yield currency, _money(cost.amount), [_money(one) if one else None for one in each]


def _money(amount: Decimal) -> str:
    return f"{amount:,.0f}" if amount >= WHOLE_FROM or amount == int(amount) else f"{amount:,.2f}"


def _row(rows: Sequence[FigureRow], name: str) -> FigureRow:
    return next(row for row in rows if row.key.name == name)


def _label(one: FigureOnPage, name: str) -> str:
    return one.row_label(_row(one.rows, name).key)
