"""Adding a passkey and logging in with one: what the browser is asked, and whether its answer holds (WebAuthn level 2).

Contract: ``Ceremony`` is bound to one address of the console, for keys made for one name work for no other. A challenge
is good for ten minutes, for one purpose and once. The device has to have checked its owner (a finger, a face, a PIN),
so that a passkey alone is two factors. Anything that does not hold is a ``ConfigurationError`` that says no more than
that. What is verified and how is the library's business (``webauthn``).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from stillwatch.console.passkeys import Holder, Passkey, Passkeys
from stillwatch.errors import ConfigurationError

GOOD_FOR = timedelta(minutes=10)
_NONCE, _TIME, _TAG = 16, 8, 16
NOT_VERIFIED = "That passkey could not be verified, or this page was open for too long. Try again."


class Challenges:
    """Challenges that need not be remembered until they are used: they say themselves until when they are good."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._used: dict[bytes, float] = {}
        self._lock = threading.Lock()

    def make(self, purpose: str, now: datetime) -> bytes:
        until = int((now + GOOD_FOR).timestamp()).to_bytes(_TIME, "big")
        head = secrets.token_bytes(_NONCE) + until
        return head + self._tag(head, purpose)

    def use(self, challenge: bytes, purpose: str, now: datetime) -> bool:
        """Whether it was made here for this purpose, is still good, and was not used before."""
        head, tag = challenge[: _NONCE + _TIME], challenge[_NONCE + _TIME :]
        until, moment = int.from_bytes(head[_NONCE:], "big"), now.timestamp()
        if not hmac.compare_digest(tag, self._tag(head, purpose)) or until < moment:
            return False
        with self._lock:
            self._used = {known: end for known, end in self._used.items() if end >= moment}
            fresh = challenge not in self._used
            self._used[challenge] = until
        return fresh

    def _tag(self, head: bytes, purpose: str) -> bytes:
        return hmac.new(self._key, head + purpose.encode(), hashlib.sha256).digest()[:_TAG]


@dataclass(frozen=True)
class Ceremony:
    """``host``: the name in the address bar; ``origin``: scheme, name and port."""

    passkeys: Passkeys
    challenges: Challenges
    host: str
    origin: str

    def ask_to_add(self, name: str, held: Holder, now: datetime) -> str:
        """What a browser is told to make a passkey for ``name``, as JSON."""
        from webauthn import generate_registration_options, options_to_json
        from webauthn.helpers.structs import AuthenticatorSelectionCriteria as Criteria
        from webauthn.helpers.structs import PublicKeyCredentialDescriptor as Known
        from webauthn.helpers.structs import ResidentKeyRequirement as Resident
        from webauthn.helpers.structs import UserVerificationRequirement as Verified

        asked = generate_registration_options(
            rp_id=self.host,
            rp_name="Stillwatch",
            user_name=name,
            user_id=held.handle,
            challenge=self.challenges.make(_adding(name, held.handle), now),
            authenticator_selection=Criteria(resident_key=Resident.REQUIRED, user_verification=Verified.REQUIRED),
            exclude_credentials=[Known(id=key.key_id) for key in held.keys],
        )
        return options_to_json(asked)

    def made(self, name: str, handle: bytes, answer: str, label: str, now: datetime) -> Passkey:
        """The passkey that a browser made for ``name``, who is known to devices by ``handle``."""
        from webauthn import verify_registration_response
        from webauthn.helpers import parse_registration_credential_json
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            parsed = parse_registration_credential_json(answer)
            found = verify_registration_response(
                credential=parsed,
                expected_challenge=self._challenge(parsed.response.client_data_json, _adding(name, handle), now),
                expected_rp_id=self.host,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError):
            raise ConfigurationError(NOT_VERIFIED) from None
        return Passkey(found.credential_id, found.credential_public_key, found.sign_count, label, now.isoformat())

    def ask_who(self, now: datetime) -> str:
        """What a browser is told to log somebody in, as JSON; whom, its device knows."""
        from webauthn import generate_authentication_options, options_to_json
        from webauthn.helpers.structs import UserVerificationRequirement

        asked = generate_authentication_options(
            rp_id=self.host,
            challenge=self.challenges.make("login", now),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(asked)

    def who(self, answer: str, now: datetime) -> str:
        """Whom a browser's answer logs in."""
        from webauthn import verify_authentication_response
        from webauthn.helpers import parse_authentication_credential_json
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            parsed = parse_authentication_credential_json(answer)
            name, key = self._held(parsed.raw_id, parsed.response.user_handle)
            found = verify_authentication_response(
                credential=parsed,
                expected_challenge=self._challenge(parsed.response.client_data_json, "login", now),
                expected_rp_id=self.host,
                expected_origin=self.origin,
                credential_public_key=key.public_key,
                credential_current_sign_count=key.used,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError):
            raise ConfigurationError(NOT_VERIFIED) from None
        self.passkeys.used(name, key, found.new_sign_count)
        return name

    def _held(self, key_id: bytes, handle: bytes | None) -> tuple[str, Passkey]:
        found = self.passkeys.find(key_id)
        if found is None or handle is None or not secrets.compare_digest(found[1].handle, handle):
            raise ValueError("nobody here has that passkey")
        return found[0], found[2]

    def _challenge(self, client_data: bytes, purpose: str, now: datetime) -> bytes:
        """The challenge that an answer is to; a ``ValueError`` where it is none of ours."""
        from webauthn.helpers import parse_client_data_json

        challenge = parse_client_data_json(client_data).challenge
        if not self.challenges.use(challenge, purpose, now):
            raise ValueError("not a challenge of this console")
        return challenge


def _adding(name: str, handle: bytes) -> str:
    return f"add {handle.hex()} {name}"
