"""The shapes of responses about leads, lists, work and companies."""

from collections.abc import Sequence
from typing import Annotated, NotRequired

from pydantic import Field

from service.shapes.shape import InPass, InStage, Moment, Position, Shape

NextId = Annotated[str | None, Field(description="Pass it as `after`; null: no more.")]
Date = Annotated[str, Field(examples=["2026-11-22"])]


class ListedLead(InStage, InPass):
    """A lead as lists show it."""

    id: str
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
    lists: Annotated[Sequence[str], Field(description="The lists it is on.")]
    lifecycle: Annotated[int, Field(description="The version that decides it.")]
    position: Annotated[Position, Field(description="The last event that changed it.")]


class Leads(Shape):
    """A page of leads."""

    leads: Sequence[ListedLead]
    next: NextId
    as_of_position: Position


class NamedList(Shape):
    """A list by its names."""

    list: str
    label: NotRequired[str]
    definition: NotRequired[str | None]


class LeadList(NamedList):
    """A named list and its size."""

    leads: int
    acquired_within_days: int | None
    held_before_days: int | None


class Lists(Shape):
    """All lists. They overlap: their sizes are never summed."""

    lists: Sequence[LeadList]
    as_of_position: Position
    lifecycle: int


class OneList(NamedList, Leads):
    """The leads on a list."""


class Task(InStage):
    """A lead that needs something done."""

    lead: str
    entered_at: Moment | None
    account: str | None
    grade: str | None
    screened_as: str | None


class DueTask(Task):
    """A lead for which something is due."""

    due_at: Moment
    what: Annotated[str, Field(description="What is due, such as `acceptance`.")]


class Callback(Task):
    """A lead to call again."""

    revisit_on: Date


class WorkList(Shape):
    """One person's work."""

    owner: str
    today: Annotated[Date, Field(description="In the time zone of the lifecycle.")]
    due: Annotated[
        Sequence[DueTask], Field(description="Due today or earlier, the first due first.")
    ]
    callbacks: Annotated[Sequence[Callback], Field(description="Leads to call again by today.")]
    returned: Annotated[Sequence[Task], Field(description="Sent back to their present stage.")]
    unassigned: Annotated[Sequence[Task], Field(description="No owner, the longest waiting first.")]
    to_be_judged: Annotated[
        Sequence[Task],
        Field(
            description="Neither accepted nor excluded by a rule, and without an owner or the "
            "person's own: the longest waiting first."
        ),
    ]
    truncated: Annotated[bool, Field(description="There are more leads than were read.")]
    as_of_position: Position


class Account(InStage):
    """A company in its current state."""

    id: str
    entered_at: Moment | None
    entered: Sequence[str]
    opportunities: Annotated[
        dict[str, str], Field(description="Deal, as `source/number` → open, won or lost.")
    ]
    orders: Annotated[
        dict[str, str], Field(description="Order, as `source/number` → valid or cancelled.")
    ]
    segment: str | None
    key_role: Annotated[str | None, Field(description="Whether it is defended or attacked.")]
    owner: Annotated[str | None, Field(description="The person in sales.")]
    people: Annotated[int, Field(description="The number of known leads there.")]
    position: Position


class Accounts(Shape):
    """A page of companies."""

    accounts: Sequence[Account]
    next: NextId
    as_of_position: Position


class AccountWithPeople(Account, Leads):
    """A company with its known leads."""
