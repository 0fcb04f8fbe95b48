"""What the text of a record shows without being decoded: `Projection.concerns` looks for these.

A quotation mark inside a string is escaped in JSON, so they match only keys, or a key and its
value.
"""

MOVES = '"effectivetime":'
BEGINS = '"subjectversion":1,'
"""The first event about its subject."""
HAS_EFFECTS = '"effects":{'
ABSORBS = '"absorbed_by":'
PUBLISHES = '"type":"lifecycle.published"'
