"""Answers as tables for spreadsheets: CSV and XLSX instead of JSON, if a request prefers them.

`spreadsheet` writes them, safe to open; `preferred` reads which format is wanted, and answers.
"""
