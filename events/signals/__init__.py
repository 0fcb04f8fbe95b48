"""Turn bytes into a signal, or into a refusal that says what is wrong.

`native` reads our own format (`native_schema` documents it), `dialects` the formats of other
clients. `fields` checks the data of an event type, and `parties` the lead and the company.
`identifiers` normalizes e-mail addresses, telephone numbers and names, and `digests` replaces them
with keyed digests before anything is compared or stored.

Start with `native`.
"""
