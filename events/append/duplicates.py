"""Whether a report is the event that the ledger has under its key, or another one."""

from events.batch.entries import Known
from events.signals.digests import are_made_alike
from events.strict_json import read_value
from events.submission import Item


def is_same(known: Known, item: Item) -> bool:
    """Compare content, under the version of the fingerprint that is stored.

    Raises FingerprintUnknown: a newer version of the service has stored it.
    """
    stored, offered = known.fingerprint, item.signal.fingerprint
    if stored is None or stored == offered or are_made_alike(stored, offered):
        return stored == offered
    # Stored before a change of what is left out: rare, so the event is parsed once more.
    reported = read_value(item.content)
    assert isinstance(reported, dict), "only an object becomes a signal"
    return item.context.digests.fingerprint_like(stored, reported) == stored
