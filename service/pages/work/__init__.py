"""Pages on which people work: what waits for whom, and the forms that report what was done.

A form becomes an event like any other: `reporting` sends it the way that the API sends reports,
with an id that was made when the form was shown, so that a second click is a duplicate. `actions`
finds out which forms a person may be shown; `worklist`, `conflicts`, `refusals` and `selections`
are the pages.
"""
