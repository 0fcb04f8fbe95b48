"""The definition of a funnel as values: stages, moves, event types, rules, words.

`definition` is the whole; the other modules here are its sections, such as `scoring` and
`calendars`. `conditions` is the small language of guards, `names` resolves codes and aliases, and
`service_events` lists the event types whose meaning is fixed. `text` reads a definition from YAML,
`compiled` prepares it for fast look-ups, and `change` compares two versions.

Begin with `definition`.
"""
