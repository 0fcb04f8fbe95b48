"""From bytes to a signal, or to a refusal that says what is wrong.

`native` reads our own form (`native_schema` describes it for others), `dialects` those of other
clients. `fields` checks the data of an event type, `parties` the lead and the company,
`identifiers` brings e-mail addresses, telephone numbers and names into one form each, and
`digests` replaces them by keyed digests before anything is compared or stored.

Begin with `native`.
"""
