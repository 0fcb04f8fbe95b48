"""The figure about capacity, counted in plain Python from the records of a ledger.

It looks at every record in order, and asks no table and no statement.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

Counts = Mapping[str, Mapping[str, int]]
CANDIDATES_STAGE = "MAL"


def capacity_by_hand(events: Sequence[Mapping[str, Any]], as_of: datetime, known_at: int) -> Counts:
    """Return the numbers that are not zero, by row, of events in their order.

    For histories without late reports, merges and passes.
    """
    seen = [
        event
        for event in events
        if int(event["position"]) <= known_at and datetime.fromisoformat(event["time"]) <= as_of
    ]
    counts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for run in seen:
        if run["type"] != "selection.run":
            continue
        data, row = run["data"], counts[f"run.{run['data']['selection']}"]
        row["capacity"] += data["capacity"]
        # The pages and the end of a run have its own time, and count as soon as they are known.
        own = [event for event in seen if event["data"].get("selection") == data["selection"]]
        ranking = [
            lead
            for page in own
            if page["type"] == "selection.ranked"
            for lead, _ in page["data"]["ranking"]
        ]
        skipped = [
            lead
            for end in own
            if end["type"] == "selection.completed"
            for lead, _ in end["data"]["skipped"]
        ]
        for rank, lead in enumerate(ranking, 1):
            after = [
                event
                for event in seen
                if event["subject"] == f"lead/{lead}"
                and int(event["position"]) > int(run["position"])
            ]
            row["candidates"] += 1
            if rank <= data["selected"]:
                row["selected"] += 1
                row["skipped"] += lead in skipped
                row["cut_line"] += rank == data["selected"]
                row["screened"] += any(event["type"] == "screening.completed" for event in after)
            else:
                row["deferred"] += 1
                left = any(event.get("stagefrom") == CANDIDATES_STAGE for event in after)
                row["moved_on" if left else "waiting"] += 1
    return {
        row: {measure: count for measure, count in found.items() if count}
        for row, found in counts.items()
        if any(found.values())
    }
