"""Turn the text of cells into values.

amounts  numbers as offices write them
dates    dates and times as offices write them
readers  one or several cells -> one value, as the mapping describes
"""
