"""What leads and companies are called, and what is known about the people behind leads.

Only those who may see personal data see it, and every look is recorded before anything is shown.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from fastapi import Request

from domain.lead.state import LeadState
from service.http.authentication import sees_personal
from service.http.parts import part_of
from service.people.cards import NOTHING_KNOWN, Card, Cards, PersonalData
from service.people.reads import Reads


def name_of(subject_id: str) -> str:
    """Return what a lead or company is called where no name may be shown.

    The end of an id is random; its beginning is the time, and alike for neighbours.
    """
    return f"…{subject_id[-8:]}"


class People(NamedTuple):
    """The people of a page."""

    are_shown: bool
    """Whether the visitor may see personal data at all."""
    by_lead: Mapping[str, PersonalData]

    def of(self, lead_id: str) -> PersonalData:
        return self.by_lead.get(lead_id, NOTHING_KNOWN)

    def card(self, lead_id: str) -> Card:
        return self.of(lead_id).card

    def name(self, lead_id: str) -> str:
        """Return the name of a lead, or what it is called without one."""
        return self.card(lead_id).name or name_of(lead_id)


HIDDEN: Final = People(are_shown=False, by_lead={})


async def people_of(request: Request, leads: Mapping[str, LeadState], *, page: str) -> People:
    """Read and record what is known about the people behind leads, if the visitor may see it.

    `page` is the path of the page that shows them, with parameters as they are declared.
    """
    visitor = request.state.visitor
    if not sees_personal(visitor.sender):
        return HIDDEN
    families = {lead: (lead, *state.absorbs) for lead, state in leads.items()}
    parted = {lead for lead, state in leads.items() if state.parted}
    found = await part_of(request, Cards).read(families, parted=parted)
    seen = [lead for lead, data in found.items() if data != NOTHING_KNOWN]
    await part_of(request, Reads).record(key_id=visitor.session.key_id, page=page, leads=seen)
    return People(are_shown=True, by_lead=found)
