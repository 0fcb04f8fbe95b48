"""cloudevents for Python: each mode once, and the same event in both."""

import os

import httpx
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

LEAD = {"email": f"user-{os.environ['WHO']}@example.co.jp"}

client = httpx.Client(
    base_url=os.environ["LEADLEDGER_URL"],
    headers={"Authorization": f"Bearer {os.environ['LEADLEDGER_KEY']}"},
    trust_env=False,
)
form = CloudEvent(
    {"type": "form.submitted", "source": os.environ["LEADLEDGER_SOURCE"], "actor": "佐藤 花子"},
    {"lead": LEAD, "data": {"form": "whitepaper"}},
)
visit = CloudEvent(
    {"type": "visit.recorded", "source": os.environ["LEADLEDGER_SOURCE"]},
    {"lead": LEAD},
)
for event, write in (
    (form, to_structured_event),
    (visit, to_binary_event),
    (form, to_binary_event),
):
    message = write(event)
    answer = client.post("/v1/events", headers=message.headers, content=message.body)
    answer.raise_for_status()
