"""Turn the rows of a table into events, and send them.

mapping       a mapping as values; mapping_text and value_text read it from YAML
tables/       a file -> column names and rows, whatever program wrote it
values/       the text of cells -> values
translation   rows -> events, in batches
judging       events -> what the service would answer, without sending
revising      events -> corrections of events recorded earlier from the same rows
refused       refused rows and events -> a file, and groups by reason
suggesting    column names -> a draft mapping
report        what is printed at the end
"""
