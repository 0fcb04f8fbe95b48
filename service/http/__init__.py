"""What every request goes through before and after its route.

`head` bounds the request line and headers, `request_headers` reads them, `authentication` finds
the key and its rights, `cors` answers browsers, `access_log` logs one line per request,
`answer_in_time` bounds reads. `answer` and `problem` write responses (RFC 9457),
`problem_handlers` turns failures into them. `parts` gives a route the parts of the
service that it uses. `plain_route` and `exact_route` are the routes that FastAPI does not validate
for us.
"""
