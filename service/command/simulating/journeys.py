"""How one person comes to be known, is nurtured, called, and perhaps buys.

Every journey is a plausible one: decisions come where the funnel allows them, deadlines are mostly
met, and what goes wrong in real life goes wrong here too, now and then.
"""

import random

from service.command.simulating.customers import keep, order_unasked
from service.command.simulating.entering import REQUEST, TO_SALES, enter
from service.command.simulating.market import Person
from service.command.simulating.nurturing import judge, nurture, write_from_elsewhere
from service.command.simulating.selling import hand_over, screen, sell
from service.command.simulating.steps import Steps, StepsTo, Teller


def journey(person: Person, hand: random.Random) -> Steps:
    """Tell the whole journey of one person, step by step."""
    teller = Teller(person, hand)
    entrance = yield from enter(teller)
    if entrance not in TO_SALES and not (yield from _come_to_sales(teller, entrance)):
        if teller.happens(0.01):
            yield from order_unasked(teller)
        return
    if not (yield from screen(teller)):
        return
    deal = yield from sell(teller, business="new")
    if deal is not None:
        yield from keep(teller, deal)


def _come_to_sales(teller: Teller, entrance: str) -> StepsTo[bool]:
    """Go through marketing's hands, and say whether sales takes the lead."""
    if entrance != REQUEST and not teller.happens(0.75):
        return False
    yield from nurture(teller)
    if teller.happens(0.06):
        yield from write_from_elsewhere(teller)
    if teller.person.company.is_competitor:
        return False
    if teller.person.is_hidden and not (yield from judge(teller)):
        return False
    if entrance != REQUEST and not teller.happens(0.35):
        return False
    return (yield from hand_over(teller, is_requested=entrance == REQUEST))
