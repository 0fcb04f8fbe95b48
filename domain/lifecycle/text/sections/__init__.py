"""One module per section of a lifecycle's text: how it is read and checked.

Each takes a place in the text (`domain.lifecycle.text.place`) and returns the value of its
section. Mistakes go to the place's complaints, so that one reading reports all of them.
"""
