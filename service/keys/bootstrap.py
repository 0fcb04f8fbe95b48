"""The administrator's key of the first start: the only key that no other key created."""

from service.keys.key_text import KeyMalformed, mint, parse
from service.keys.scopes import Scope
from service.keys.store import KeyStore
from service.keys.terms import KeyTerms

ADMINISTRATOR = KeyTerms(
    name="administrator", sources=("admin", "*"), scopes=tuple(Scope), person="administrator"
)
"""May do everything, and speak for every source; all other keys are made with it. A person's key,
because somebody has to log in first."""


class BootstrapKeyMalformed(KeyMalformed):
    """LEADLEDGER_BOOTSTRAP_KEY is not a key. Leave it out to have one made and printed."""


async def bootstrap(store: KeyStore, given: str | None) -> str | None:
    """Create the administrator's key in a ledger that has no key yet.

    Returns the key to be shown once, or None if there are keys already or the key was given by the
    setting, so that the operator knows it. Any number of processes may call this at once.
    """
    if given is None:
        key = mint()
        return key.text if await store.create_first(key, ADMINISTRATOR) else None
    try:
        await store.create_first(parse(given), ADMINISTRATOR)
    except KeyMalformed as error:
        raise BootstrapKeyMalformed(
            f"LEADLEDGER_BOOTSTRAP_KEY is not a key: {error}; leave it out to have one made and "
            "printed"
        ) from None
    return None
