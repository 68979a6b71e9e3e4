"""A device that holds a passkey, for answers that no honest browser gives."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url as b64
from webauthn.helpers import encode_cbor

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@dataclass
class Device:
    """One P-256 key for one address; ``flags`` and ``count`` are what it says of its owner and of its uses."""

    host: str = "watch.example.org"
    origin: str = "https://watch.example.org"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    key_id: bytes = b"k" * 16

    def add(self, asked: str) -> str:
        """The answer to being asked for a new passkey."""
        public = self.key.public_key().public_numbers()
        cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")})
        data = self._data(self.flags | ATTESTED) + bytes(16) + len(self.key_id).to_bytes(2, "big") + self.key_id + cose
        attested = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(self._client("webauthn.create", asked), attestationObject=b64(attested))

    def login(self, asked: str, handle: bytes) -> str:
        """The answer to being asked who is there."""
        self.count += 1
        client, data = self._client("webauthn.get", asked), self._data(self.flags)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(client, authenticatorData=b64(data), signature=b64(signed), userHandle=b64(handle))

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, asked: str) -> bytes:
        return json.dumps({"type": kind, "challenge": json.loads(asked)["challenge"], "origin": self.origin}).encode()

    def _answer(self, client: bytes, **response: Any) -> str:
        name = b64(self.key_id)
        whole = {"id": name, "rawId": name, "type": "public-key"}
        return json.dumps({**whole, "response": {"clientDataJSON": b64(client), **response}})
