"""Turn the rows of a table into events, and send them.

mapping       what a mapping says, as values; mapping_text and value_text read it from YAML
tables/       a file -> column names and rows, whatever it was written with
values/       the text of cells -> values
translation   rows -> events, in batches
judging       events -> what the service would say of them, without sending
revising      events -> corrections of what was recorded of the same rows before
refused       what did not become an event -> a file, and groups by reason
suggesting    column names -> a first mapping
report        what is printed at the end
"""
