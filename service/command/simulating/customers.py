"""What becomes of those who buy: orders, further business, key accounts, and farewells."""

from service.command.limits import FURTHER_DEALS_MAX
from service.command.simulating.selling import VALUE, Deal, sell, told_of
from service.command.simulating.steps import CRM, ORDERS, Steps, StepsTo, Teller, amount


def keep(teller: Teller, deal: Deal) -> Steps:
    """Let a customer order, come back for more, and stay or leave."""
    if not (yield from _order(teller, deal)):
        return
    yield from _notice(teller)
    for _ in range(FURTHER_DEALS_MAX):
        if not teller.happens(0.4):
            break
        business = teller.hand.choice(("cross_sell", "renewal"))
        further = yield from sell(teller, business=business)
        if further is not None:
            yield from _order(teller, further)
    yield from _renew_or_leave(teller, deal)


def order_unasked(teller: Teller) -> Steps:
    """Order without anybody of sales having had a part in it."""
    told = {"order": f"order-{teller.number()}", "value": amount(teller.hand, VALUE / 3)}
    yield teller.noted(ORDERS, "order.recorded", 20, **told, currency="JPY", business="new")


def _order(teller: Teller, deal: Deal) -> StepsTo[bool]:
    """Order what was agreed, and say whether that stands."""
    order = f"order-{teller.number()}"
    yield teller.noted(ORDERS, "order.recorded", 2, order=order, **told_of(deal))
    if teller.happens(0.08):
        yield teller.noted(ORDERS, "order.cancelled", 10, order=order, reason="other")
        return False
    if teller.happens(0.1):
        changed = {"order": order, "value": amount(teller.hand, VALUE), "currency": "JPY"}
        yield teller.noted(ORDERS, "order.amended", 10, **changed)
    return True


def _notice(teller: Teller) -> Steps:
    """Look at the customer among all others; some promise so much that they are looked after."""
    segment = "high" if teller.happens(0.4) else "low"
    yield teller.of_company(CRM, "account.segmented", 10, segment=segment)
    if segment == "low":
        return
    role = teller.hand.choice(("defend", "attack"))
    yield teller.of_company(CRM, "account.key_candidate_set", 10, segment=segment, key_role=role)
    if not teller.happens(0.6):
        return
    yield teller.of_company(CRM, "account.key_set", 20, segment=segment, key_role=role)
    if teller.happens(0.3):
        yield teller.of_company(CRM, "account.key_removed", 30, reason="out_of_focus")


def _renew_or_leave(teller: Teller, deal: Deal) -> Steps:
    if teller.happens(0.8):
        told = {"value": deal.value, "currency": "JPY", "product": deal.product}
        yield teller.of_company(CRM, "customer.renewed", 60, **told)
        return
    yield teller.of_company(CRM, "customer.churned", 60, reason="other")
    if teller.happens(0.5):
        yield teller.of_company(CRM, "customer.reactivated", 30, product=deal.product)
