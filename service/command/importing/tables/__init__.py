"""Read a table from a file, whatever the office wrote it with.

opening    a path -> column names and rows that know their lines
detection  bytes -> the encoding and the delimiter that they were written with
workbook   XLSX, XLS, ODS -> the same rows
"""
