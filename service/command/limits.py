"""Bounds of the command, each with its reason."""

# command.client
CONNECT_WAIT_S = 5.0
ANSWER_WAIT_S = 120.0
"""A batch of import on a slow disk takes seconds; a service that says nothing for minutes is
gone."""

# command.deadlines
DEADLINES_MAX = 10_000
"""More than anybody reads; whoever wants all asks the service page by page."""

# command.history
SHOWN_VALUE_CHARACTERS_MAX = 60
"""Of one value in the table; --json prints all."""

# command.importing.judging
JUDGED_EVENTS_MAX = 100_000
"""Events that are held in memory to be judged: about a kilobyte each."""

# command.importing.mapping_text
MAPPED_EVENTS_MAX = 50
"""A row that tells of more than this is not one row of a table."""

# command.importing.refused
REFUSED_GROUPS_MAX = 200
"""Kinds of mistakes told apart; a table with more is not the table that the mapping is for."""
LINES_SHOWN = 3
"""Of each kind: enough to look them up in the table."""

# command.importing.report
GROUPS_SHOWN_MAX = 20
"""Kinds of mistakes that are printed; more than these nobody mends in one go."""

# command.importing.revising
REVISED_REPORTS_MAX = 100
"""How often one row may have been voided and reported again: nobody revises a table more often."""

# command.importing.suggesting
ROWS_LOOKED_AT = 1_000
"""Enough to see which column tells rows apart, and what its cells hold."""

# command.importing.tables.detection
DETECTED_LINES_MAX = 1_000
"""Lines with other than ASCII characters that are looked at: enough to tell the encodings apart."""
DETECTED_LINE_BYTES_MAX = 65_536
"""Of a longer line only the beginning is looked at."""
SAMPLE_LINES = 20
"""Lines in which the delimiter is looked for."""
FIRST_LINES_MAX = 1_000
"""Lines in which the column names are looked for."""

# command.importing.translation
FOUND_CHARACTERS_MAX = 60
"""Of a cell that is shown with its refusal."""

# command.importing.values.amounts
AMOUNT_DIGITS_MAX = 18
"""Before the decimal point, as the ledger takes them."""

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
"""The service lists the first thousand refusals of a request: a batch within that loses none."""
SEND_FIRST_WAIT_S = 0.5
SEND_WAIT_S_MAX = 5.0
SEND_SILENCE_S_MAX = 180.0
"""How long a service may be away in the middle of an import: a restart, a failover."""

# command.simulate
SIMULATED_PEOPLE_MAX = 10_000_000
SIMULATED_DAYS_MAX = 3_650
SIMULATED_RATE_MAX = 100_000

# command.simulating.desk
DESK_PAGE = 1_000
DESK_PAGES_MAX = 1_000
"""A million of one kind, in a market of ten million people."""

# command.simulating.customers
FURTHER_DEALS_MAX = 3
