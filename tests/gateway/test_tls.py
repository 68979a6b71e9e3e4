"""An upstream behind TLS: reached if its certificate is believed, not at all otherwise."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.gateway.loopback import run, running


def _certificate(folder: Path) -> Path:
    """A key and a certificate for the loopback address, signed by itself, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "here.pem"
    file.write_bytes(key.private_bytes(*private) + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("believed", [True, False])
def test_an_upstream_behind_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, believed: bool) -> None:
    file = _certificate(tmp_path)
    if believed:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))

    async def case() -> None:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            return web.json_response({"host": request.host})

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        port = runner.addresses[0][1]
        async with running(upstream_url=f"https://127.0.0.1:{port}/prefix") as gateway:
            answers = [await gateway.post() for _ in range(2)]
        await runner.cleanup()
        if believed:
            assert [answer[:2] for answer in answers] == [(200, {"host": f"127.0.0.1:{port}"})] * 2
        else:
            assert [answer[1]["error"]["code"] for answer in answers] == ["upstream_unreachable"] * 2

    run(case)
