"""What every page is made with.

`answering` turns an answer or an error into a page, `rendering` fills templates, `wording` has the
words, `looking` reads from the URL which moment and which period is meant, `charts` draws.
"""
