"""The formats of other clients, one module each.

Segment and RudderStack, PostHog, Snowplow, CloudEvents.

A dialect unpacks a request into calls (`parcels`, `calls`) and rewrites each as a native event.
`parts` reads the members that they share. Dialects do not import each other.
"""
