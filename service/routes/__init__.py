"""The routes: each reads, calls one function, returns. None is open unless it says so."""

from service.routes import feed, health, keys, leads, lifecycle, refusals

ROUTERS = (
    feed.router,
    leads.router,
    refusals.router,
    lifecycle.router,
    keys.router,
    health.router,
)
