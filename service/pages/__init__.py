"""Web pages: the same answers as the API's, for people, in Japanese and English.

Every page is complete without script, and everything that it shows depends on its URL alone: a
bookmark, a pasted link and the back button work. `frame` has what every page is made with. Each
module of the other folders is one page, and calls the queries that the API calls: `figures` the
pages of figures, `leads` those about leads, `work` those on which people work, `running` those
about the service itself.
"""

from service.pages.figures import (
    campaigns,
    compared,
    contribution,
    conversion,
    deals,
    funnel,
    one,
    today,
)
from service.pages.frame import static
from service.pages.leads import accounts, lead, lists, record, searching
from service.pages.running import audit, logging_in, sessions, settings
from service.pages.work import conflicts, refusals, selections, targets, worklist

ROUTERS = (
    static.router,
    logging_in.router,
    today.router,
    funnel.router,
    conversion.router,
    deals.router,
    campaigns.router,
    contribution.router,
    targets.router,
    one.router,
    compared.router,
    lists.router,
    searching.router,
    lead.router,
    record.router,
    accounts.router,
    sessions.router,
    audit.router,
    settings.router,
    worklist.router,
    conflicts.router,
    refusals.router,
    selections.router,
)
"""Routes of pages: an error becomes a page as well, and no session leads to the log-in."""
