"""One message through SMTP, over TLS or not at all.

Contract: the server's certificate is checked, credentials are sent only behind TLS. The id of a message is the same at
every attempt, so that a reader's mail program shows it once. What the server refuses for good (5xx) is never tried
again; everything else is.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from stillwatch import inert
from stillwatch.delivery.outcome import Outcome
from stillwatch.delivery.targets import Mail

PATIENCE_S = 20.0
_SUBJECT = 120


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    kind: str
    """Such as ``application/pdf``."""
    raw: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent: plain text, the same as a page, and files."""

    subject: str
    text: str
    page: str = ""
    files: Sequence[Attachment] = ()


def message(target: Mail, to: str, item_id: str, letter: Letter, now: datetime) -> EmailMessage:
    """The letter as it goes over the wire."""
    made = EmailMessage()
    made["From"], made["To"] = target.sender, to
    made["Subject"] = inert.text(letter.subject, _SUBJECT)
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{item_id}@{target.sender.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text)
    if letter.page:
        made.add_alternative(letter.page, subtype="html")
    for file in letter.files:
        main, _, sub = file.kind.partition("/")
        made.add_attachment(file.raw, maintype=main, subtype=sub, filename=file.name)
    return made


def send(
    target: Mail, password: str | None, to: str, item_id: str, letter: Letter, now: datetime, *, ca: str | None = None
) -> Outcome:
    """Send one letter to one reader and say how it ended."""
    made = message(target, to, item_id, letter, now)
    tls = ssl.create_default_context(cafile=ca)
    try:
        with _connected(target, tls) as server:
            if target.security == "starttls":
                server.starttls(context=tls)
            if target.user is not None and password is not None:
                server.login(target.user, password)
            server.send_message(made, target.sender, [to])
    except smtplib.SMTPRecipientsRefused as refusal:
        code, said = next(iter(refusal.recipients.values()))
        return _refused(code, said)
    except smtplib.SMTPAuthenticationError as refusal:
        # A wrong password is put right by a person, and then the letter should still go.
        return Outcome("later", _told(refusal.smtp_code, refusal.smtp_error))
    except smtplib.SMTPResponseException as refusal:
        return _refused(refusal.smtp_code, refusal.smtp_error)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return Outcome("later", inert.text(f"{type(error).__name__}: {error}"))
    return Outcome("done", f"taken by {inert.text(target.host)}")


def _connected(target: Mail, tls: ssl.SSLContext) -> smtplib.SMTP:
    if target.security == "tls":
        return smtplib.SMTP_SSL(target.host, target.port, timeout=PATIENCE_S, context=tls)
    return smtplib.SMTP(target.host, target.port, timeout=PATIENCE_S)


def _refused(code: int, said: bytes | str) -> Outcome:
    return Outcome("never" if 500 <= code < 600 else "later", _told(code, said))


def _told(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return inert.text(f"SMTP {code}: {text}")
