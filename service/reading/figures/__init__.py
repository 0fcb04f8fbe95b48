"""Figures for people: from the words of a request to a question, from an answer to JSON.

`asking` reads parameters, with `periods` for dates and named periods; `describing` writes answers
and lists, `defining` the definitions, `breakdowns` the values of parts, `tables` all of it for
spreadsheets. `comparing` writes what differs between two readings, `files` between one and a file.
"""
