"""Read a table from a file, whatever program wrote it.

opening    a path -> column names, and rows with their line numbers
detection  bytes -> their encoding and delimiter
workbook   XLSX, XLS, ODS -> the same rows
"""
