"""Sessions of the web pages: a key is shown once, and a cookie stands for it afterwards.

`store` keeps sessions in the database; `arrival` decides from a request's head alone whether a page
may be shown over this connection, what its cookie is called and where a request came from;
`visiting` finds out who is looking.
"""
