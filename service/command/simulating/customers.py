"""What customers do after they buy: orders, further business, key accounts and churn."""

from service.command.limits import FURTHER_DEALS_MAX
from service.command.simulating.selling import VALUE, Deal, described, sell
from service.command.simulating.steps import CRM, ORDERS, Reporter, Steps, StepsTo, amount


def keep(reporter: Reporter, deal: Deal) -> Steps:
    """Have a customer order, perhaps buy more, and stay or leave."""
    if not (yield from _order(reporter, deal)):
        return
    yield from _notice(reporter)
    for _ in range(FURTHER_DEALS_MAX):
        if not reporter.happens(0.4):
            break
        business = reporter.hand.choice(("cross_sell", "renewal"))
        further = yield from sell(reporter, business=business)
        if further is not None:
            yield from _order(reporter, further)
    yield from _renew_or_leave(reporter, deal)


def order_unprompted(reporter: Reporter) -> Steps:
    """Order without any involvement of sales."""
    data = {"order": f"order-{reporter.number()}", "value": amount(reporter.hand, VALUE / 3)}
    yield reporter.noted(ORDERS, "order.recorded", 20, **data, currency="JPY", business="new")


def _order(reporter: Reporter, deal: Deal) -> StepsTo[bool]:
    """Order what was agreed, and return whether the order is kept."""
    order = f"order-{reporter.number()}"
    yield reporter.noted(ORDERS, "order.recorded", 2, order=order, **described(deal))
    if reporter.happens(0.08):
        yield reporter.noted(ORDERS, "order.cancelled", 10, order=order, reason="other")
        return False
    if reporter.happens(0.1):
        changed = {"order": order, "value": amount(reporter.hand, VALUE), "currency": "JPY"}
        yield reporter.noted(ORDERS, "order.amended", 10, **changed)
    return True


def _notice(reporter: Reporter) -> Steps:
    """Segment the customer, and make some of the promising ones key accounts."""
    segment = "high" if reporter.happens(0.4) else "low"
    yield reporter.of_company(CRM, "account.segmented", 10, segment=segment)
    if segment == "low":
        return
    role = reporter.hand.choice(("defend", "attack"))
    yield reporter.of_company(CRM, "account.key_candidate_set", 10, segment=segment, key_role=role)
    if not reporter.happens(0.6):
        return
    yield reporter.of_company(CRM, "account.key_set", 20, segment=segment, key_role=role)
    if reporter.happens(0.3):
        yield reporter.of_company(CRM, "account.key_removed", 30, reason="out_of_focus")


def _renew_or_leave(reporter: Reporter, deal: Deal) -> Steps:
    if reporter.happens(0.8):
        data = {"value": deal.value, "currency": "JPY", "product": deal.product}
        yield reporter.of_company(CRM, "customer.renewed", 60, **data)
        return
    yield reporter.of_company(CRM, "customer.churned", 60, reason="other")
    if reporter.happens(0.5):
        yield reporter.of_company(CRM, "customer.reactivated", 30, product=deal.product)
