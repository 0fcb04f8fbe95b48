"""What marketing does with a lead: mail, content, judgement and the occasional mix-up."""

from service.command.simulating.steps import CRM, MAIL, WEB, Reporter, Steps, StepsTo

_FOR_GOOD = ("student", "press", "competitor", "invalid_data")


def nurture(reporter: Reporter) -> Steps:
    """Send mail and content for some weeks, until the scenario ends or the person opts out."""
    if reporter.happens(0.3):
        owner = f"marketing-{reporter.hand.randrange(1, 3)}"
        yield reporter.noted(MAIL, "owner.assigned", 1, owner=owner, team="marketing")
        if reporter.happens(0.05):
            yield reporter.noted(MAIL, "owner.unassigned", 5)
    yield reporter.noted(MAIL, "scenario.started", 2, scenario="welcome")
    for number in range(reporter.hand.randrange(1, 6)):
        if (yield from _mail(reporter, f"welcome-{number + 1}")):
            continue
        yield reporter.noted(MAIL, "scenario.aborted", 0.1, scenario="welcome", reason="other")
        return
    yield reporter.noted(MAIL, "scenario.completed", 3, scenario="welcome")


def _mail(reporter: Reporter, message: str) -> StepsTo[bool]:
    """Send one message, and return whether another may follow."""
    yield reporter.noted(MAIL, "email.sent", 7, message=message)
    if reporter.happens(0.03):
        outcome = reporter.hand.choice(("soft", "hard"))
        yield reporter.noted(MAIL, "email.bounced", 0.01, message=message, outcome=outcome)
        return outcome != "hard"
    yield reporter.noted(MAIL, "email.delivered", 0.01, message=message)
    if reporter.happens(0.45):
        yield reporter.noted(MAIL, "email.opened", 1, message=message)
    if reporter.happens(0.2):
        yield reporter.noted(MAIL, "email.clicked", 0.1, message=message, link="/case-study")
        yield reporter.seen("content.viewed", 0.01, content="case_study", page="/case-study")
    if reporter.happens(0.12):
        yield reporter.named(WEB, "content.downloaded", 1, content="comparison", page="/download")
    if reporter.happens(0.05):
        yield reporter.named(WEB, "activity.recorded", 1, name="used the savings calculator")
    return not (yield from _wants_no_more(reporter, message))


def _wants_no_more(reporter: Reporter, message: str) -> StepsTo[bool]:
    if reporter.happens(0.02):
        yield reporter.noted(MAIL, "unsubscribed", 0.2, channel="email")
    elif reporter.happens(0.005):
        yield reporter.noted(MAIL, "email.complained", 0.2, message=message)
    elif reporter.happens(0.005):
        yield reporter.noted(WEB, "consent.withdrawn", 0.2, channel="email")
    else:
        return False
    return True


def judge(reporter: Reporter) -> StepsTo[bool]:
    """Judge a lead that no rule could judge, and return whether to sell to it."""
    if reporter.happens(0.15):
        reason = reporter.hand.choice(_FOR_GOOD)
        yield reporter.noted(CRM, "lead.excluded", 3, reason=reason)
        if reporter.happens(0.3):
            yield reporter.noted(CRM, "lead.requalified", 20)
        return False
    if reporter.happens(0.8):
        yield reporter.noted(CRM, "lead.accepted", 3)
    return True


def write_from_elsewhere(reporter: Reporter) -> Steps:
    """Write from a second address: two leads, until the shared telephone number is noticed."""
    yield reporter.named(CRM, "profile.updated", 2)
    second = reporter.under_another_address()
    yield second.named(WEB, "form.submitted", 5, form="price_list", channel="organic")
    yield second.named(CRM, "profile.updated", 5)
