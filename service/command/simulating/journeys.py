"""How one person becomes known, is nurtured and called, and perhaps buys.

Every journey is plausible: decisions come where the funnel allows them, deadlines are mostly met,
and what goes wrong in real life occasionally goes wrong here too.
"""

import random

from service.command.simulating.customers import keep, order_unprompted
from service.command.simulating.entering import REQUEST, TO_SALES, enter
from service.command.simulating.market import Person
from service.command.simulating.nurturing import judge, nurture, write_from_elsewhere
from service.command.simulating.selling import hand_over, screen, sell
from service.command.simulating.steps import Reporter, Steps, StepsTo


def journey(person: Person, hand: random.Random) -> Steps:
    """Generate the whole journey of one person, step by step."""
    reporter = Reporter(person, hand)
    entrance = yield from enter(reporter)
    if entrance not in TO_SALES and not (yield from _come_to_sales(reporter, entrance)):
        if reporter.happens(0.01):
            yield from order_unprompted(reporter)
        return
    if not (yield from screen(reporter)):
        return
    deal = yield from sell(reporter, business="new")
    if deal is not None:
        yield from keep(reporter, deal)


def _come_to_sales(reporter: Reporter, entrance: str) -> StepsTo[bool]:
    """Pass through marketing, and return whether sales accepts the lead."""
    if entrance != REQUEST and not reporter.happens(0.75):
        return False
    yield from nurture(reporter)
    if reporter.happens(0.06):
        yield from write_from_elsewhere(reporter)
    if reporter.person.company.is_competitor:
        return False
    if reporter.person.is_hidden and not (yield from judge(reporter)):
        return False
    if entrance != REQUEST and not reporter.happens(0.35):
        return False
    return (yield from hand_over(reporter, is_requested=entrance == REQUEST))
