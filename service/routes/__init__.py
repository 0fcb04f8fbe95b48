"""The routes: each reads, calls one function, returns. None is open unless it says so."""

from service.routes import (
    contribution,
    deadlines,
    feed,
    funnel,
    health,
    keys,
    leads,
    lifecycle,
    refusals,
    rosters,
)

ROUTERS = (
    feed.router,
    leads.router,
    rosters.router,
    deadlines.router,
    funnel.router,
    contribution.router,
    refusals.router,
    lifecycle.router,
    keys.router,
    health.router,
)
