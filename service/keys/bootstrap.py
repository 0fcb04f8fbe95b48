"""The administrator's key of the first start: the one key that no other key has made."""

from service.keys.key_text import KeyMalformed, mint, parse
from service.keys.scopes import Scope
from service.keys.store import KeyStore
from service.keys.terms import KeyTerms

ADMINISTRATOR = KeyTerms(name="administrator", sources=("admin", "*"), scopes=tuple(Scope))
"""May do everything, and speak for every source: from it all other keys are made."""


class BootstrapKeyMalformed(KeyMalformed):
    """LEADLEDGER_BOOTSTRAP_KEY is not a key. Leave it out, and one is made and printed."""


async def bootstrap(store: KeyStore, given: str | None) -> str | None:
    """Make the administrator's key of a ledger that has no key yet.

    Returns the key to be shown once, or None: there are keys already, or the key was given by the
    setting and is known to whoever set it. Any number of processes may call this at once.
    """
    if given is None:
        key = mint()
        return key.text if await store.create_first(key, ADMINISTRATOR) else None
    try:
        await store.create_first(parse(given), ADMINISTRATOR)
    except KeyMalformed as error:
        raise BootstrapKeyMalformed(
            f"LEADLEDGER_BOOTSTRAP_KEY is not a key: {error}; leave it out, and one is made and "
            "printed"
        ) from None
    return None
