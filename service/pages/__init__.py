"""Web pages: the same answers as the API's, for people, in Japanese and English.

Every page is complete without script, and everything that it shows depends on its URL alone: a
bookmark, a pasted link and the back button work. `answering` turns an answer or an error into a
page, `rendering` fills templates, `wording` has the words, `looking` reads from the URL which
moment and which period is meant, `charts` draws. Each other module is one page, and calls the
queries that the API calls. Pages hold no personal data.
"""

from service.pages import funnel, lead, leads, logging_in, record, sessions, static

ROUTERS = (
    static.router,
    logging_in.router,
    funnel.router,
    leads.router,
    lead.router,
    record.router,
    sessions.router,
)
