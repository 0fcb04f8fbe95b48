"""Bounds of the domain, each with its reason."""

# deciding.consequences
CONSEQUENCES_MAX = 16
"""Each consequence moves a lead forward or marks it once; a path is shorter than this."""

# deciding.timers
STANDSTILL_MAX = 64
"""Timers of one lead that may fire one after the other without time passing between them. A lead
has a timer for each deadline and a few more; beyond this they arm each other in a circle."""

# lifecycle.compiled.business_time
DAYS_SEARCHED_MAX = 1_000
"""Nobody is closed for so long: a search for the next open day ends here."""

# lifecycle.names
NAMES_SHOWN_MAX = 3
NAMES_LISTED_MAX = 15
"""A list of known names up to this length is shown whole."""

# lifecycle.text.place
LABEL_CHARACTERS_MAX = 1_000

# lifecycle.text.sections.calendars
CLOSED_DAYS_MAX = 180
"""Of a year, by the closures that come back: more is no calendar of a team at work."""

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
"""A century: a longer bound bounds nothing."""

# lifecycle.text.sections.scoring
POINTS_MAX = 1_000
SCORED_TIMES_MAX = 100
"""Each counting event stands in the lead's state."""
SCORING_DAYS_MAX = 3_650

# lifecycle.text.yaml_nodes
LIFECYCLE_CHARACTERS_MAX = 524_288
"""A lifecycle with long word lists has some tens of thousands; beyond this it is no lifecycle."""
LIFECYCLE_NODES_MAX = 50_000
LIFECYCLE_DEPTH_MAX = 24
"""Conditions nest, but nobody reads them deeper than this."""

# lifecycle.text.sections.shared_numbers
SOURCES_SHARING_MAX = 20
"""Sources in one group. A number is looked up for each of them."""
