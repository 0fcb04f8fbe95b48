"""segment-analytics-python."""

import os

from segment import analytics

analytics.write_key = os.environ["LEADLEDGER_KEY"]
analytics.host = os.environ["LEADLEDGER_URL"]
analytics.gzip = True

VISITOR, USER = (f"{kind}-{os.environ['WHO']}" for kind in ("visitor", "user"))

analytics.page(anonymous_id=VISITOR, name="Pricing", properties={"path": "/pricing"})
analytics.identify(USER, {"email": f"{USER}@example.co.jp"}, anonymous_id=VISITOR)
analytics.track(USER, "Form Submitted", {"form": "whitepaper"})
analytics.track(USER, "Widget Turned", {"turns": 3})
analytics.screen(USER, name="Home")
analytics.group(USER, "acme", {"name": "Acme"})
analytics.alias(VISITOR, USER)
analytics.flush()
