"""Passkeys: with a real browser and its virtual authenticator, and with answers that nobody's device gave."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from webauthn.helpers import bytes_to_base64url

from stillwatch.app.cases.desk import Actor, look
from stillwatch.app.cases.verify import verify
from stillwatch.console.ceremony import GOOD_FOR, NOT_VERIFIED, Ceremony, Challenges
from stillwatch.console.passkeys import FILE_NAME, KIND, MOST, Passkey, Passkeys
from stillwatch.errors import ConfigurationError
from tests.app.cases.conftest import Desk, new_desk
from tests.console.device import PRESENT, Device
from tests.console.served import Served
from tests.report import browser

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def device(page: browser.Page, **given: bool) -> str:
    """Give the browser an authenticator that says yes."""
    page.call("WebAuthn.enable")
    return str(page.call("WebAuthn.addVirtualAuthenticator", {"options": {**DEVICE, **given}})["authenticatorId"])


def use(page: browser.Page, **fields: str) -> None:
    """Fill and send the form that asks for a passkey."""
    for name, text in fields.items():
        page.evaluate(f"document.querySelector('[data-passkey] [name={name}]').value = {text!r}")
    page.follow("document.querySelector('[data-passkey]').requestSubmit()")


@pytest.mark.browser
def test_somebody_adds_a_passkey_logs_in_with_it_and_removes_it(
    chromium: str, console: Served, store_and_run: Desk, tmp_path: Path
) -> None:
    place = f"http://localhost:{console.port}"
    with browser.running(chromium, tmp_path / "profile") as pipe, browser.Page(pipe, place + "/login") as page:
        authenticator = device(page)
        assert page.evaluate("document.querySelector('[data-passkey]')") is None  # nobody has one
        page.evaluate("document.querySelector('[name=name]').value = 'ana'")
        page.evaluate("document.querySelector('[name=password]').value = 'a sentence to remember'")
        page.follow("document.querySelector('.door').requestSubmit()")
        page.go(place + "/passkeys")
        use(page, label="my <laptop>")
        assert page.evaluate("document.querySelector('tbody th').innerText") == "my <laptop>"
        page.follow("document.querySelector('[action=\"/logout\"]').requestSubmit()")
        use(page)
        assert page.evaluate("document.querySelector('.who').innerText").startswith("ana")
        assert Passkeys(store_and_run.store).of("ana").keys[0].used > 0
        page.go(place + "/passkeys")
        page.follow("document.querySelector('td form').requestSubmit()")
        assert page.evaluate("document.querySelector('.empty').innerText") == "You have none."
        page.follow("document.querySelector('[action=\"/logout\"]').requestSubmit()")
        assert page.evaluate("document.querySelector('[data-passkey]')") is None
        # The device still has it; the console does not.
        assert page.call("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
        assert page.complaints() == []
    told = [(e.who.name, e.why) for e in look(store_and_run.store).entries if e.kind == KIND and e.who.name == "ana"]
    assert told == [("ana", "added my <laptop>"), ("ana", "removed my <laptop>")]
    assert not verify(store_and_run.store).faults


@dataclass
class Held:
    """A console at one address, and a device whose passkey it knows."""

    ceremony: Ceremony
    device: Device
    handle: bytes

    def login(self, at: datetime = NOW, device: Device | None = None) -> str:
        return self.ceremony.who((device or self.device).login(self.ceremony.ask_who(NOW), self.handle), at)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_desk(tmp_path_factory.mktemp("keys")).store


@pytest.fixture
def held(store: Path) -> Held:
    (store / FILE_NAME).unlink(missing_ok=True)
    passkeys, device = Passkeys(store), Device()
    ceremony = Ceremony(passkeys, Challenges(), device.host, device.origin)
    nobody = passkeys.of("ana")
    made = ceremony.made("ana", nobody.handle, device.add(ceremony.ask_to_add("ana", nobody, NOW)), "laptop", NOW)
    passkeys.add(nobody.handle, made, Actor("ana", "test"), NOW)
    return Held(ceremony, device, nobody.handle)


def test_a_passkey_logs_its_owner_in_again_and_again(held: Held) -> None:
    assert [held.login(), held.login()] == ["ana", "ana"]


def test_an_answer_is_good_once_and_not_for_ever(held: Held) -> None:
    asked = held.ceremony.ask_who(NOW)
    held.ceremony.who(held.device.login(asked, held.handle), NOW)
    with pytest.raises(ConfigurationError, match=NOT_VERIFIED[:20]):
        held.ceremony.who(held.device.login(asked, held.handle), NOW)
    with pytest.raises(ConfigurationError, match=NOT_VERIFIED[:20]):
        held.login(at=NOW + GOOD_FOR * 2)


@pytest.mark.parametrize(
    "strange",
    [
        {"host": "elsewhere.example"},
        {"origin": "https://elsewhere.example"},
        {"origin": "http://watch.example.org"},
        {"flags": PRESENT},
        {"count": -1},
        {"key": Device().key},
        {"key_id": b"x" * 16},
    ],
    ids=["host", "origin", "plain", "owner not checked", "copied", "other key", "unknown"],
)
def test_what_the_device_did_not_say_for_this_console_logs_nobody_in(held: Held, strange: dict[str, object]) -> None:
    held.device.count = 7
    held.login()
    with pytest.raises(ConfigurationError, match=NOT_VERIFIED[:20]):
        held.login(device=replace(held.device, **strange))  # type: ignore[arg-type]
    assert held.login() == "ana"


def test_another_ones_handle_or_challenge_adds_nothing_and_logs_nobody_in(held: Held) -> None:
    adding = held.ceremony.ask_to_add("ana", held.ceremony.passkeys.of("ana"), NOW)
    for answer in (held.device.login(held.ceremony.ask_who(NOW), b"other"), held.device.login(adding, held.handle)):
        with pytest.raises(ConfigurationError, match=NOT_VERIFIED[:20]):
            held.ceremony.who(answer, NOW)
    with pytest.raises(ConfigurationError, match=NOT_VERIFIED[:20]):
        held.ceremony.made("bo", held.handle, held.device.add(adding), "laptop", NOW)


@pytest.mark.parametrize("answer", ["", "{", "[]", "{}", '{"id": "a", "rawId": "a", "type": "public-key"}'])
def test_what_is_no_answer_at_all_is_refused(held: Held, answer: str) -> None:
    with pytest.raises(ConfigurationError, match=NOT_VERIFIED[:20]):
        held.ceremony.who(answer, NOW)
    with pytest.raises(ConfigurationError, match=NOT_VERIFIED[:20]):
        held.ceremony.made("ana", held.handle, answer, "laptop", NOW)


@pytest.mark.parametrize("challenge", [5, None, "é", "", {}])
def test_a_challenge_of_another_shape_is_refused(held: Held, challenge: object) -> None:
    asked = json.dumps({"challenge": challenge})
    with pytest.raises(ConfigurationError, match=NOT_VERIFIED[:20]):
        held.ceremony.who(held.device.login(asked, held.handle), NOW)


def test_only_its_owner_or_an_admin_removes_a_passkey(held: Held) -> None:
    passkeys, key = held.ceremony.passkeys, held.device.key_id
    with pytest.raises(ConfigurationError, match="admin"):
        passkeys.remove("ana", key, Actor("app", "test"), NOW)
    assert held.login() == "ana"
    passkeys.remove("ana", key, Actor("adm", "test"), NOW)
    with pytest.raises(ConfigurationError, match=NOT_VERIFIED[:20]):
        held.login()


def test_nobody_has_passkeys_without_end(held: Held) -> None:
    passkeys, ana = held.ceremony.passkeys, Actor("ana", "test")
    for n in range(MOST - 1):
        passkeys.add(held.handle, Passkey(bytes([n]), b"", 0, "more", ""), ana, NOW)
    with pytest.raises(ConfigurationError, match="at most"):
        passkeys.add(held.handle, Passkey(b"z", b"", 0, "more", ""), ana, NOW)


def test_a_stranger_is_told_nothing_and_an_address_has_no_passkeys(console: Served) -> None:
    answer = console.stranger().post("/login/passkey", {"credential": "{}"})
    assert (answer.status, "could not be verified" in answer.text) == (401, True)
    assert "was opened by an address" in console.person("ana").get("/passkeys").text
    assert console.person("ana").post("/passkeys", {"form": "add", "label": "x"}).status == 403
    assert console.person("ana").post("/passkeys", {"form": "remove", "whose": "app", "key": "eA"}).status == 409


def test_removing_a_passkey_ends_the_sessions_that_it_may_have_begun(console: Served, store_and_run: Desk) -> None:
    Passkeys(store_and_run.store).add(b"h", Passkey(b"lost", b"", 0, "phone", ""), Actor("vi", "test"), NOW)
    here, thief = console.stranger(), console.stranger()
    assert [here.login("vi").status, thief.login("vi").status] == [303, 303]
    assert "phone" in here.get("/passkeys").text
    assert here.post("/passkeys", {"form": "remove", "whose": "vi", "key": bytes_to_base64url(b"lost")}).status == 303
    assert [here.get("/").status, thief.get("/").status] == [200, 303]
