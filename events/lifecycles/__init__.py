"""Publishing a definition.

`publish` turns a text into the event that puts it in force; `expansion` adds what the text only
names (holidays, offsets of time zones), so that the domain needs neither. `calendar` records a
company's own days off; `shipped` has the definitions that come with leadledger.
"""
