"""Make ``access.jsonl`` and ``exchanges.jsonl``: Envoy's access log, and what the model's server behind it saw.

The argument is the Envoy binary; the version used is in ``../README.md``. Envoy ends TLS, so that it can tell JA4. The
clients claim an address that they have not.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.plugs.model import serving
from tests.plugs.test_proxies import blocks
from tests.servers import free_port

HERE = Path(__file__).parent
TLS = """    - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
      listener_filters:
        - name: envoy.filters.listener.tls_inspector
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector
            enable_ja4_fingerprinting: true
      filter_chains:
        - transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
              common_tls_context:
                tls_certificates: [{{certificate_chain: {{filename: {cert}}}, private_key: {{filename: {key}}}}}]
          filters:
"""


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the loopback address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return folder / "cert.pem", folder / "key.pem"


def configured(folder: Path, port: int, model: int) -> Path:
    """The configuration of the page, ending TLS and without asking anybody."""
    cert, key = certificate(folder)
    config = blocks("yaml")[1]
    config = re.sub(
        r" +- name: envoy.filters.http.ext_authz.*?(?= +- name: envoy.filters.http.router)", "", config, flags=re.S
    )
    config = re.sub(
        r"    - address:.*?        - filters:\n", TLS.format(port=port, cert=cert, key=key), config, flags=re.S
    )
    config = config.replace("port_value: 8000", f"port_value: {model}").replace("/var/log/envoy", str(folder))
    file = folder / "envoy.yaml"
    file.write_text(config)
    return file


def main(envoy: str) -> None:
    with tempfile.TemporaryDirectory() as name, serving() as (model, port):
        folder, own = Path(name), free_port()
        config = configured(folder, own, port)
        process = subprocess.Popen([envoy, "-c", str(config), "--use-dynamic-base-id", "-l", "error"])
        trusting = ssl.create_default_context(cafile=str(folder / "cert.pem"))
        try:
            time.sleep(3)
            for number, agent in enumerate(("first/1", "second/2", "third/3")):
                body = {"model": "large", "messages": [{"role": "user", "content": f"Question {number}"}]}
                headers = {"content-type": "application/json", "user-agent": agent, "x-forwarded-for": "203.0.113.9"}
                url = f"https://127.0.0.1:{own}/v1/chat/completions"
                asked = urllib.request.Request(url, json.dumps(body).encode(), headers)
                urllib.request.urlopen(asked, context=trusting).close()
        finally:
            process.terminate()
            process.wait(20)
        (HERE / "access.jsonl").write_text((folder / "access.jsonl").read_text())
        rows = [
            {
                "ts": f"2026-11-22T12:00:0{number}Z",
                "account_id": "acct-made-up",
                "client_ip": "10.0.0.1",
                "client_headers": {"x-request-id": headers["x-request-id"]},
                "input_messages": body["messages"],
            }
            for number, (_, headers, body) in enumerate(model.asked)
        ]
        (HERE / "exchanges.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main(sys.argv[1])
