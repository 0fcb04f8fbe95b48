"""Turn the rows of a table into events, and send them.

mapping_text  YAML -> Mapping, with every complaint at once
table         CSV -> rows that know their lines
cells         one cell, or several, -> one value
translation   row -> events
sending       events -> the service, in batches that can be sent again
refused       what did not become an event -> a file that a person can work through
"""
