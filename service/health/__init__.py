"""Whether the service works.

`watch` asks the database every second, `readiness` reports everything that serving needs.
"""
