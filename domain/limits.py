"""Bounds of the domain, each with its reason."""

# deciding.consequences
CONSEQUENCES_MAX = 16
"""Each consequence moves a lead forward or marks it once; a path is shorter than this."""

# deciding.redecide
FOLDINGS_MAX = 16
"""Companies whose timelines are kept folded: those about whose people old histories arrive. One
with 5,000 orders takes some megabytes."""

# deciding.timers
STANDSTILL_MAX = 64
"""Timers of one lead that may fire in a row without time passing between them. A lead has one timer
per deadline and a few more; beyond this limit they arm each other in a loop."""

# lifecycle.compiled.business_time
DAYS_SEARCHED_MAX = 1_000
"""No team is closed for this long: the search for the next open day ends here."""

# lead.readings
GETTERS_MAX = 4_096
"""Paths that are kept taken apart. A lifecycle's conditions read some dozens, and only a few
versions decide at a time."""

# times
TIMES_MAX = 4_096
"""Times whose text is kept: those of the batch in progress, with the timers of its leads."""

# pages
PAGES_MAX = 1_024
"""Pages whose path is kept, each a few hundred bytes at most."""

# rules.grading
PROFILES_MAX = 10_000
"""What is known about people, as far as rules read it: there are few combinations of industry,
position and the like. Beyond this, the memo begins again."""

# recordable
CODE_CHARACTERS_MAX = 64
"""Codes of campaigns, deals and people have at most some 40 characters. Longer text is prose, which
may be about a person, and a record is never erased."""

# lifecycle.names
NAMES_SHOWN_MAX = 3
NAMES_LISTED_MAX = 15
"""A list of known names up to this length is shown in full."""

# lifecycle.text.place
LABEL_CHARACTERS_MAX = 1_000

# lifecycle.text.sections.calendars
CLOSED_DAYS_MAX = 180
"""Days per year in recurring closures. A team with more closed days is hardly at work."""

# lifecycle.text.sections.contact
CONTACT_DAYS_MAX = 3_650
CALL_ATTEMPTS_MAX = 100

# lifecycle.text.sections.contribution
LOOKBACK_DAYS_MAX = 36_500

# lifecycle.text.sections.events
FIELD_MINIMUM_MAX = 10**9
EVENT_NAME_CHARACTERS_MAX = 100

# lifecycle.text.sections.lists
LIST_DAYS_MAX = 36_500
"""A century: a longer bound has no effect."""

# lifecycle.text.sections.scoring
POINTS_MAX = 1_000
SCORED_TIMES_MAX = 100
"""Each event that counts is kept in the lead's state."""
SCORING_DAYS_MAX = 3_650

# lifecycle.text.yaml_nodes
LIFECYCLE_CHARACTERS_MAX = 524_288
"""A lifecycle with long word lists has tens of thousands; a longer text is not a lifecycle."""
LIFECYCLE_NODES_MAX = 50_000
LIFECYCLE_DEPTH_MAX = 24
"""Conditions nest, but deeper ones are unreadable."""

# lifecycle.text.sections.shared_numbers
SOURCES_SHARING_MAX = 20
"""Sources in one group. A number is looked up once per source."""
