"""Turn the text of cells into values.

amounts  numbers as offices write them
dates    dates and times as offices write them
readers  one cell, or several, -> one value, as the mapping says
"""
