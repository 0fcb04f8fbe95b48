"""The routes: each reads, calls one function, returns. None is open unless it says so."""

from service.routes import feed, funnel, health, keys, leads, lifecycle, refusals

ROUTERS = (
    feed.router,
    leads.router,
    funnel.router,
    refusals.router,
    lifecycle.router,
    keys.router,
    health.router,
)
