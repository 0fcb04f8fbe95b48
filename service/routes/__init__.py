"""The routes: each reads, calls one function, returns. None is open unless it says so."""

from service.routes import (
    conflicts,
    contribution,
    dead_letters,
    deadlines,
    feed,
    funnel,
    health,
    keys,
    leads,
    lifecycle,
    refusals,
    rosters,
    selections,
    settling,
    stream,
    webhooks,
)

ROUTERS = (
    feed.router,
    stream.router,
    leads.router,
    conflicts.router,
    rosters.router,
    deadlines.router,
    funnel.router,
    contribution.router,
    selections.router,
    refusals.router,
    settling.router,
    lifecycle.router,
    keys.router,
    webhooks.router,
    dead_letters.router,
    health.router,
)
