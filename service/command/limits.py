"""Limits of the command, each with its reason."""

# command.client
CONNECT_WAIT_S = 5.0
ANSWER_WAIT_S = 120.0
"""An import batch on a slow disk takes seconds; a service that is silent for minutes is down."""

# command.deadlines
DEADLINES_MAX = 10_000
"""More than anyone reads; to get them all, page through the HTTP API."""

# command.history
SHOWN_VALUE_CHARACTERS_MAX = 60
"""Shown of one value in the table; --json prints all of it."""

# command.importing.judging
JUDGED_EVENTS_MAX = 100_000
"""Events held in memory to be judged: about a kilobyte each."""

# command.importing.mapping_text
MAPPED_EVENTS_MAX = 50
"""Events that one row may become; a row with more is not one row of a table."""

# command.importing.refused
REFUSED_GROUPS_MAX = 200
"""Kinds of mistakes distinguished; a table with more is not the one the mapping was written for."""
LINES_SHOWN = 3
"""Lines shown for each kind: enough to look them up in the table."""

# command.importing.report
GROUPS_SHOWN_MAX = 20
"""Kinds of mistakes printed; no one fixes more than these in one go."""

# command.importing.revising
REVISED_REPORTS_MAX = 100
"""How often one row may have been voided and reported again: no table is revised more often."""

# command.importing.suggesting
ROWS_LOOKED_AT = 1_000
"""Enough to see which column identifies rows, and what its cells hold."""

# command.importing.opening
FIRST_LINES_MAX = 1_000
"""Lines searched for the column names."""

# command.importing.time_order
SORTED_AT_ONCE_EVENTS = 100_000
"""Events sorted in memory: some 100 MB. A longer table takes one open file for as many."""

# command.importing.translation
FOUND_CHARACTERS_MAX = 60
"""Shown of a cell with its refusal."""

# command.importing.values.amounts
AMOUNT_DIGITS_MAX = 18
"""Before the decimal point; the ledger accepts no more."""

# command.import_table
FIRST_ROWS_SHOWN = 3
"""Rows whose events a check shows."""

# command.key
KEYS_PAGE = 500

# command.keys_in_database
KEY_RECORDS_PAGE = 500

# command.leads
LEADS_PAGE = 500

# command.refusals
REFUSALS_PAGE = 500
REFUSALS_LISTED_MAX = 100

# command.sending
SENT_BATCH_EVENTS_MAX = 1_000
"""The service lists the first thousand refusals of a request: a batch of this size loses none."""
SEND_FIRST_WAIT_S = 0.5
SEND_WAIT_S_MAX = 5.0
SEND_SILENCE_S_MAX = 180.0
"""How long the service may be unavailable during an import: a restart, a failover."""

# command.compare
DIFFERENCES_MAX = 100_000
"""Differences that are printed: more than anyone reads, and a file that a spreadsheet opens."""

FILE_DIFFERENCES_MAX = 1_000
"""Differences from a file in one answer."""

# command.simulate
SIMULATED_REQUESTS_A_SECOND = 5
"""With --rate: often enough to look steady, rarely enough to be cheap."""
SIMULATED_PEOPLE_MAX = 10_000_000
SIMULATED_DAYS_MAX = 3_650
SIMULATED_RATE_MAX = 100_000

# command.simulating.desk
DESK_PAGE = 1_000
DESK_PAGES_MAX = 1_000
"""A million events of one type, in a market of ten million people."""
