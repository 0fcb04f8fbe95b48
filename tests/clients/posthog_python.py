"""posthog for Python, with the protocol that POSTHOG_CAPTURE_MODE names."""

import os

from posthog import Posthog

VISITOR, USER = (f"{kind}-{os.environ['WHO']}" for kind in ("visitor", "user"))

failures: list[object] = []
client = Posthog(
    os.environ["LEADLEDGER_KEY"],
    host=os.environ["LEADLEDGER_URL"],
    on_error=lambda error, _: failures.append(error),
)

client.capture(
    "$pageview",
    distinct_id=VISITOR,
    properties={"$pathname": "/pricing", "$process_person_profile": False},
)
client.alias(previous_id=VISITOR, distinct_id=USER)
client.set(distinct_id=USER, properties={"email": f"{USER}@example.co.jp"})
client.capture("Form Submitted", distinct_id=USER, properties={"form": "whitepaper"})
client.capture("Widget Turned", distinct_id=USER, groups={"company": "acme"})
client.group_identify("company", "acme", {"name": "Acme"})
client.shutdown()
assert not failures, failures
