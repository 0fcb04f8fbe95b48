"""Tables for spreadsheets, written and read.

Answers are CSV and XLSX instead of JSON, if a request prefers them: `spreadsheet` writes them, safe
to open; `preferred` reads which format is wanted, and answers. Files that people bring may be any
of what offices have: `detection` finds the encoding and the delimiter, `workbook` reads cells,
`readable` makes CSV of either, and `apart` does so for a file that nobody has checked.
"""
