"""The shapes of responses about leads, lists, work and companies, for the OpenAPI document."""

from typing import Annotated

from pydantic import Field

from service.shapes.reports import Moment, Position, Shape

NextId = Annotated[str | None, Field(description="Pass it as `after`; null: no more.")]
Date = Annotated[str, Field(examples=["2026-11-22"])]


class ListedLead(Shape):
    """A lead as lists show it."""

    id: str
    stage: str | None
    stage_label: str | None = None
    pass_: Annotated[int, Field(alias="pass")]
    entered_at: Moment | None
    acquired_at: Annotated[Moment | None, Field(description="When the lead became known to us.")]
    owner: str | None
    grade: str | None
    market: str | None
    priority: str | None
    origin: str | None
    channel: str | None
    account: str | None
    revisit_on: Date | None
    screened_as: str | None
    lists: Annotated[list[str], Field(description="The lists it is on.")]
    lifecycle: Annotated[int, Field(description="The version that decides it.")]
    position: Annotated[Position, Field(description="The last event that changed it.")]


class Leads(Shape):
    """A page of leads."""

    leads: list[ListedLead]
    next: NextId
    as_of_position: Position


class LeadList(Shape):
    """A named list and its size."""

    list_: Annotated[str, Field(alias="list")]
    label: str | None = None
    definition: str | None = None
    leads: int
    acquired_within_days: int | None
    held_before_days: int | None


class Lists(Shape):
    """All lists. They overlap: their sizes are never summed."""

    lists: list[LeadList]
    as_of_position: Position
    lifecycle: int


class OneList(Shape):
    """The leads on a list."""

    list_: Annotated[str, Field(alias="list")]
    label: str | None = None
    definition: str | None = None
    leads: list[ListedLead]
    next: NextId
    as_of_position: Position


class Task(Shape):
    """A lead that needs something done."""

    lead: str
    stage: str | None
    stage_label: str | None = None
    entered_at: Moment | None
    account: str | None
    grade: str | None
    screened_as: str | None
    due_at: Moment | None = None
    what: Annotated[str | None, Field(description="What is due, such as `acceptance`.")] = None
    revisit_on: Date | None = None


class WorkList(Shape):
    """One person's work."""

    owner: str
    today: Annotated[Date, Field(description="In the time zone of the lifecycle.")]
    due: Annotated[list[Task], Field(description="Due today or earlier, the first due first.")]
    callbacks: Annotated[list[Task], Field(description="Leads to call again by today.")]
    returned: Annotated[list[Task], Field(description="Sent back to their present stage.")]
    unassigned: Annotated[list[Task], Field(description="No owner, the longest waiting first.")]
    to_be_judged: Annotated[
        list[Task],
        Field(
            description="Neither accepted nor excluded by a rule, and without an owner or the "
            "person's own: the longest waiting first."
        ),
    ]
    truncated: Annotated[bool, Field(description="There are more leads than were read.")]
    as_of_position: Position


class Account(Shape):
    """A company in its current state."""

    id: str
    stage: str | None
    stage_label: str | None = None
    entered_at: Moment | None
    entered: list[str]
    opportunities: Annotated[
        dict[str, str], Field(description="Deal, as `source/number` → open, won or lost.")
    ]
    orders: Annotated[
        dict[str, str], Field(description="Order, as `source/number` → standing or cancelled.")
    ]
    segment: str | None
    key_role: Annotated[str | None, Field(description="Whether it is defended or attacked.")]
    owner: Annotated[str | None, Field(description="The person in sales.")]
    people: Annotated[int, Field(description="The number of known leads there.")]
    position: Position


class Accounts(Shape):
    """A page of companies."""

    accounts: list[Account]
    next: NextId
    as_of_position: Position


class AccountWithPeople(Account):
    """A company with its known leads."""

    leads: list[ListedLead]
    next: NextId
    as_of_position: Position


class Share(Shape):
    """Marketing's share under one policy."""

    policy: Annotated[str, Field(description="origin, opening, first_touch or any_touch.")]
    number: int
    number_of: int
    by_number: Annotated[str | None, Field(description="A share from 0 to 1, exact to 6 places.")]
    value: str
    value_of: str
    by_value: str | None


class OriginPart(Shape):
    origin: Annotated[str | None, Field(description="null: business without a lead.")]
    origin_label: str | None = None
    number: int
    value: str


class KindApart(Shape):
    business: str
    number: int
    value: str


class OtherCurrency(Shape):
    """Business in currencies other than the requested one."""

    currency: str
    number: int
    value: str


class CreditedBusiness(Shape):
    """One piece of won business, credited under each policy."""

    business: str
    kind: str
    won_at: Moment
    value: str | None
    lead: str | None
    account: str | None
    origin: str | None
    marketing: Annotated[dict[str, bool], Field(description="By policy.")]
    beside: Annotated[list[str], Field(description="Other people of the company, not credited.")]
    positions: Annotated[list[Position], Field(description="The events that it is based on.")]


class Contribution(Shape):
    """Whose leads became business."""

    from_: Annotated[Moment | None, Field(alias="from")]
    to: Moment | None
    currency: str
    shares: list[Share]
    origins: list[OriginPart]
    nurtured_average: Annotated[
        str | None, Field(description="The average for leads that marketing had touched.")
    ]
    other_average: str | None
    apart: list[KindApart]
    other_currencies: Annotated[
        list[OtherCurrency], Field(description="Neither added nor converted.")
    ]
    without_value: int
    disputed: Annotated[int, Field(description="Pieces on which the policies disagree.")]
    business: list[CreditedBusiness]
    truncated: Annotated[bool, Field(description="There are more pieces than are listed.")]
    as_of_position: Position
    lifecycle: int
