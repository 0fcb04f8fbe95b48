"""What marketing does with a lead: mail, content, judgement, and now and then a mix-up."""

from service.command.simulating.steps import CRM, MAIL, WEB, Steps, StepsTo, Teller

_FOR_GOOD = ("student", "press", "competitor", "invalid_data")


def nurture(teller: Teller) -> Steps:
    """Mail and content for some weeks, until the scenario ends or the person wants no more."""
    if teller.happens(0.3):
        owner = f"marketing-{teller.hand.randrange(1, 3)}"
        yield teller.noted(MAIL, "owner.assigned", 1, owner=owner, team="marketing")
        if teller.happens(0.05):
            yield teller.noted(MAIL, "owner.unassigned", 5)
    yield teller.noted(MAIL, "scenario.started", 2, scenario="welcome")
    for number in range(teller.hand.randrange(1, 6)):
        if (yield from _mail(teller, f"welcome-{number + 1}")):
            continue
        yield teller.noted(MAIL, "scenario.aborted", 0.1, scenario="welcome", reason="other")
        return
    yield teller.noted(MAIL, "scenario.completed", 3, scenario="welcome")


def _mail(teller: Teller, message: str) -> StepsTo[bool]:
    """Send one message, and say whether another may follow."""
    yield teller.noted(MAIL, "email.sent", 7, message=message)
    if teller.happens(0.03):
        outcome = teller.hand.choice(("soft", "hard"))
        yield teller.noted(MAIL, "email.bounced", 0.01, message=message, outcome=outcome)
        return outcome != "hard"
    yield teller.noted(MAIL, "email.delivered", 0.01, message=message)
    if teller.happens(0.45):
        yield teller.noted(MAIL, "email.opened", 1, message=message)
    if teller.happens(0.2):
        yield teller.noted(MAIL, "email.clicked", 0.1, message=message, link="/case-study")
        yield teller.seen("content.viewed", 0.01, content="case_study", page="/case-study")
    if teller.happens(0.12):
        yield teller.named(WEB, "content.downloaded", 1, content="comparison", page="/download")
    if teller.happens(0.05):
        yield teller.named(WEB, "activity.recorded", 1, name="used the savings calculator")
    return not (yield from _wants_no_more(teller, message))


def _wants_no_more(teller: Teller, message: str) -> StepsTo[bool]:
    if teller.happens(0.02):
        yield teller.noted(MAIL, "unsubscribed", 0.2, channel="email")
    elif teller.happens(0.005):
        yield teller.noted(MAIL, "email.complained", 0.2, message=message)
    elif teller.happens(0.005):
        yield teller.noted(WEB, "consent.withdrawn", 0.2, channel="email")
    else:
        return False
    return True


def judge(teller: Teller) -> StepsTo[bool]:
    """Judge whom no rule could judge, and say whether it is somebody to sell to."""
    if teller.happens(0.15):
        reason = teller.hand.choice(_FOR_GOOD)
        yield teller.noted(CRM, "lead.excluded", 3, reason=reason)
        if teller.happens(0.3):
            yield teller.noted(CRM, "lead.requalified", 20)
        return False
    if teller.happens(0.8):
        yield teller.noted(CRM, "lead.accepted", 3)
    return True


def write_from_elsewhere(teller: Teller) -> Steps:
    """Write from a second address: two leads, until somebody sees that the telephone is one."""
    yield teller.named(CRM, "profile.updated", 2)
    second = teller.under_another_address()
    yield second.named(WEB, "form.submitted", 5, form="price_list", channel="organic")
    yield second.named(CRM, "profile.updated", 5)
