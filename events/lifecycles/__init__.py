"""Publishing a lifecycle.

`publish` turns a text into the event that puts it in force; `expansion` adds what the text only
names (holidays, time zone offsets), so that the domain need not look them up. `calendar` records a
company's own days off; `shipped` has the lifecycles that come with leadledger.
"""
