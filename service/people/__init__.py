"""What is known about the people behind leads, for those who may see it; and who has seen it.

`cards` reads names, companies and telephone numbers from the personal data of events; `searching`
finds leads by part of a name; `searches` keeps what was searched for; `reads` records every look,
in a chain of which `sealing` enters the end into the log. Nothing here is part of a record.
"""
