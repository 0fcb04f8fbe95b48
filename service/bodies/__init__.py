"""From the network to a body in bounded memory.

`body` reads it, `inflation` decompresses it, `body_memory` bounds what all bodies take together.
`lines` splits NDJSON, `chunks` groups items for submission, `json_body` reads small JSON requests.
"""
