"""The id that a provider gave an answer of Responses, out of the one that LiteLLM tells in its place.

LiteLLM packs deployment and id into one text; requests that go on from an answer name the provider's own. Ids that it
encrypted besides, as its proxy does with whole answers, stay as they are: nobody without its key can read them.
"""

from __future__ import annotations

from base64 import b64decode

_PREFIX, _MARK, _ID = "resp_", "litellm:", ";response_id:"


def providers_id(given: str) -> str:
    """The provider's id; any other text as it is."""
    if not given.startswith(_PREFIX) or len(given) > 2000:
        return given
    try:
        packed = b64decode(given.removeprefix(_PREFIX), validate=True).decode()
    except ValueError:
        return given
    _, found, own = packed.partition(_ID)
    return own if found and own and packed.startswith(_MARK) else given
