"""snowplow-tracker: the key is the application's id."""

import os
import sys
import time
from urllib.parse import urlsplit

from snowplow_tracker import (
    Emitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)

VISITOR, USER = (f"{kind}-{os.environ['WHO']}" for kind in ("visitor", "user"))

sent = []
emitter = Emitter(
    urlsplit(os.environ["LEADLEDGER_URL"]).netloc,
    protocol="http",
    method=sys.argv[1],
    # With GET, a tracker drops a failed event unless it was the last of its batch.
    batch_size={"get": 1, "post": 4}[sys.argv[1]],
    max_retry_delay_seconds=1,
    on_success=sent.extend,
)
visitor = Subject().set_domain_user_id(VISITOR)
tracker = Tracker("web", emitter, app_id=os.environ["LEADLEDGER_KEY"], subject=visitor)
tracker.track(PageView("https://www.example.com/pricing?utm_campaign=spring", "Pricing"))
visitor.set_user_id(USER)
tracker.track(StructuredEvent("forms", "Form Submitted", value=1.5))
form = {"form": "whitepaper"}
described = SelfDescribingJson("iglu:com.acme/form_submitted/jsonschema/1-0-0", form)
tracker.track(SelfDescribing(described))
tracker.track(StructuredEvent("widgets", "Widget Turned"))

# A tracker retries failed events when it next has something to send, or on a flush.
deadline = time.monotonic() + 30
while len(sent) < 4 and time.monotonic() < deadline:
    tracker.flush()
    time.sleep(0.2)
