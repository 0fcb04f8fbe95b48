"""Strict reading of JSON, compared with the bare parser."""

from tests.bench import bench_json
from tests.bench.figures import Figure
from tests.bench.servers import Bench


async def measure(bench: Bench) -> list[Figure]:
    """Return the cost of reading one event strictly, alone and in a batch."""
    found = dict(bench_json.measure(bench.sizes.parsed_s))
    return [
        _figure(found, "strict JSON, one event", "one event, µs", "bare parser (orjson), µs"),
        _figure(
            found,
            "strict JSON, an event of a batch",
            "one event of a batch, µs",
            "bare parser, per event of a batch, µs",
        ),
    ]


def _figure(found: dict[str, float], name: str, measured: str, floor: str) -> Figure:
    return Figure(name, "µs", found[measured], found[floor], ratio=found[measured] / found[floor])
