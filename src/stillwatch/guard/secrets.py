"""Events about keys, tokens and passwords, checked exactly.

The forms of keys are those that their issuers document. A value that is given to a name such as ``password`` or
``api_key`` counts unless it is a reference, a placeholder or a type; one given to a weaker name must look random.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from stillwatch.guard.finding import Finding


class Key(NamedTuple):
    """A form of key: the rule's name and the pattern from its first character on."""

    name: str
    pattern: re.Pattern[bytes]


def _key(name: str, pattern: str) -> Key:
    return Key(name, re.compile(pattern.encode() + rb"(?![A-Za-z0-9_])"))


_KEYS: dict[bytes, tuple[Key, ...]] = {
    b"sk": (
        _key("anthropic_key", r"sk-ant-[A-Za-z0-9]{3,8}-[\w-]{20,120}"),
        _key("openai_key", r"sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,200}"),
        _key("stripe_key", r"sk_(?:live|test)_[A-Za-z0-9]{16,120}"),
    ),
    b"rk": (_key("stripe_key", r"rk_(?:live|test)_[A-Za-z0-9]{16,120}"),),
    b"whsec": (_key("stripe_webhook_secret", r"whsec_[A-Za-z0-9+/=]{24,100}"),),
    b"ghp": (_key("github_token", r"ghp_[A-Za-z0-9]{36,251}"),),
    b"gho": (_key("github_token", r"gho_[A-Za-z0-9]{36,251}"),),
    b"ghu": (_key("github_token", r"ghu_[A-Za-z0-9]{36,251}"),),
    b"ghs": (_key("github_token", r"ghs_[A-Za-z0-9]{36,251}"),),
    b"ghr": (_key("github_token", r"ghr_[A-Za-z0-9]{36,251}"),),
    b"github": (_key("github_token", r"github_pat_[A-Za-z0-9_]{40,255}"),),
    b"glpat": (_key("gitlab_token", r"glpat-[\w-]{20,64}"),),
    b"glrt": (_key("gitlab_token", r"glrt-[\w-]{20,64}"),),
    b"xapp": (_key("slack_token", r"xapp-\d-[A-Za-z0-9-]{20,200}"),),
    **{
        kind: (_key("slack_token", kind.decode() + r"-[A-Za-z0-9-]{20,200}"),)
        for kind in (b"xoxb", b"xoxa", b"xoxp", b"xoxr", b"xoxs")
    },
    b"hooks": (
        _key("slack_webhook", r"hooks\.slack\.com/services/T[A-Z0-9]{6,12}/B[A-Z0-9]{6,12}/[A-Za-z0-9]{20,28}"),
    ),
    b"npm": (_key("npm_token", r"npm_[A-Za-z0-9]{36}"),),
    b"pypi": (_key("package_index_token", r"pypi-[\w-]{50,250}"),),
    b"hf": (_key("hugging_face_token", r"hf_[A-Za-z0-9]{30,50}"),),
    b"sg": (_key("sendgrid_key", r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),),
    b"dop": (_key("digitalocean_token", r"dop_v1_[a-f0-9]{64}"),),
    b"doo": (_key("digitalocean_token", r"doo_v1_[a-f0-9]{64}"),),
    b"shpat": (_key("shopify_token", r"shpat_[A-Fa-f0-9]{32}"),),
    b"shpss": (_key("shopify_token", r"shpss_[A-Fa-f0-9]{32}"),),
    b"shpca": (_key("shopify_token", r"shpca_[A-Fa-f0-9]{32}"),),
    b"dckr": (_key("docker_token", r"dckr_pat_[\w-]{24,40}"),),
    b"lin": (_key("linear_key", r"lin_api_[A-Za-z0-9]{32,48}"),),
    b"secret": (_key("notion_token", r"secret_[A-Za-z0-9]{43}"),),
    b"ntn": (_key("notion_token", r"ntn_[A-Za-z0-9]{40,60}"),),
    b"hvs": (_key("vault_token", r"hvs\.[\w-]{24,200}"),),
    b"hvb": (_key("vault_token", r"hvb\.[\w-]{24,300}"),),
    b"glc": (_key("grafana_token", r"glc_[A-Za-z0-9+/=]{32,400}"),),
    b"glsa": (_key("grafana_token", r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),),
    b"nrak": (_key("new_relic_key", r"NRAK-[A-Z0-9]{27}"),),
    b"hrku": (_key("heroku_key", r"HRKU-[\w-]{36,80}"),),
    b"pscale": (_key("planetscale_token", r"pscale_(?:tkn|pw|oauth)_[\w.=-]{32,64}"),),
    b"pmak": (_key("postman_key", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),),
    b"sntrys": (_key("sentry_token", r"sntrys_[A-Za-z0-9+/=_-]{40,400}"),),
    b"sbp": (_key("supabase_token", r"sbp_[a-f0-9]{40}"),),
    b"figd": (_key("figma_token", r"figd_[\w-]{40,60}"),),
    b"key": (_key("mailgun_key", r"key-[a-f0-9]{32}"),),
    b"dp": (_key("doppler_token", r"dp\.(?:pt|st|ct|scim)\.[A-Za-z0-9._-]{40,60}"),),
    b"gocspx": (_key("google_client_secret", r"GOCSPX-[\w-]{24,40}"),),
    b"ya29": (_key("google_access_token", r"ya29\.[\w-]{20,300}"),),
    b"fo1": (_key("fly_token", r"fo1_[\w-]{40,60}"),),
    b"sq0atp": (_key("square_token", r"sq0atp-[\w-]{22}"),),
    b"sq0csp": (_key("square_token", r"sq0csp-[\w-]{43}"),),
    b"age": (_key("age_key", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),),
}
_TOKENS: dict[bytes, Key] = {
    b"AKI": _key("aws_access_key", r"AKIA[A-Z0-9]{16}"),
    b"ASI": _key("aws_access_key", r"ASIA[A-Z0-9]{16}"),
    b"ABI": _key("aws_access_key", r"ABIA[A-Z0-9]{16}"),
    b"ACC": _key("aws_access_key", r"ACCA[A-Z0-9]{16}"),
    b"AIz": _key("google_api_key", r"AIza[\w-]{35}"),
    b"eyJ": _key("json_web_token", r"eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,1000}"),
    b"dap": _key("databricks_token", r"dapi[a-f0-9]{32}(?:-\d)?"),
    b"EAA": _key("facebook_token", r"EAA[A-Za-z0-9]{60,300}"),
}
_PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(rb"-----END [A-Z0-9 ]{2,40}-----")
MOST_KEY_BYTES = 8192
_BEARER = re.compile(rb"(?:[Bb]earer|[Bb]asic|BEARER|BASIC) ([A-Za-z0-9_.~+/-]{16,2000}={0,2})(?![A-Za-z0-9_])")
_USER_INFO = re.compile(rb"://[^\s:/@'\"<>]{0,64}:([^\s/@'\"<>]{3,128})\Z")
_VALUE = re.compile(
    rb"(?:[\"'`\]*]{0,2} {0,3}(?::=|=>|->|==|[:=])|[\"'`*]{0,2} is| ) {0,3}(?:\*\*)?([\"'`]?)([^\s\"'`]{4,200})"
    rb"([\"'`]?)"
)
_REFERRING = (
    b"os process env config settings self this ctx secrets vars getpass get read load request req params args options "
    b"input crypto data user form body props state await new lambda function async def return if not none null nil "
    b"true false undefined str string bytes int optional required type text hidden secretstr varchar char field column"
)
_REFERENCE = re.compile(
    rb"[$%{<\[(]|\*{2}|.{0,3}\.{3}|(?:" + b"|".join(_REFERRING.split()) + rb")\b(?!-)|[\w.]{1,80}[(\[{]|https?://"
    rb"|(?:vault|op|arn|ssm|keyring|secretsmanager|gcpsm|awssm|ref\+\w+):",
    re.IGNORECASE,
)
"""Values that name where the secret is and not the secret."""
_PLACEHOLDER = re.compile(
    rb"your|example|sample|dummy|placeholder|change_?-?me|redacted|replace|insert|x{5}|\*\*\*|[<>]|\.\.\.|fake|mock|enter_"
    rb"|[_-]here",
    re.IGNORECASE,
)
_PASSWORD_NAMES = (
    b"password passwd passwort kennwort passphrase pass pwd pw contrasena senha parola haslo wachtwoord motdepasse "
    b"passe"
)
_USERS = frozenset((b"u", b"user"))
_OPTION = re.compile(rb"[ =][\"']?[^\s:\"']{1,64}:([^\s\"']{4,128})")
_ASKING = re.compile(rb"\b(?:curl|wget|https?)\b")
_NEXT = re.compile(rb"[;&](?=[A-Za-z_][\w.-]*=)")
"""Between the settings of a row."""
_PASSWORDS = frozenset(_PASSWORD_NAMES.split())
_RANDOM = re.compile(rb"[A-Za-z0-9+/=_.~!@#$%^&*?|:-]{16,200}\Z")
_STRONG_BEFORE = re.compile(
    rb"(?:api|secret|access|private|auth|client|encryption|signing|master|account|app|refresh|session|service)[ _-]?\Z",
    re.IGNORECASE,
)
_LEAST_BITS = 3.0
_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_PATH = re.compile(rb"[./~]|[A-Za-z]+/[A-Za-z]+/|[\w-]+\.[a-z]{2,4}\Z")


def by_prefix(raw: bytes, start: int, end: int) -> Iterator[Finding]:
    for key in _KEYS.get(raw[start:end].lower(), ()):
        found = key.pattern.match(raw, start, start + 512)
        if found is not None and _looks_random(found[0][end - start :]):
            yield Finding("secret", key.name, start, found.end())
            return


def by_token(raw: bytes, start: int, end: int) -> Iterator[Finding]:
    key = _TOKENS[raw[start : start + 3]]
    found = key.pattern.match(raw, start, start + 8192)
    if found is not None and not found[0].endswith(b"EXAMPLE"):
        yield Finding("secret", key.name, start, found.end())


def private_key(raw: bytes, start: int, end: int) -> Iterator[Finding]:
    found = _PRIVATE_KEY.match(raw, start)
    if found is not None:
        stop = _KEY_END.search(raw, found.end(), found.end() + MOST_KEY_BYTES)
        yield Finding("secret", "private_key", start, stop.end() if stop else found.end())


def bearer(raw: bytes, start: int, end: int) -> Iterator[Finding]:
    found = _BEARER.match(raw, start, start + 2048)
    if found is not None and _looks_random(found[1]):
        yield Finding("secret", "bearer_token", found.start(1), found.end(1))


def in_address(raw: bytes, place: int) -> Iterator[Finding]:
    """The password before the at sign of a link."""
    scheme = raw.rfind(b"://", max(0, place - 200), place)
    found = _USER_INFO.match(raw, scheme, place) if scheme > 0 else None
    if found is not None and not _REFERENCE.match(found[1]) and not _PLACEHOLDER.search(found[1]):
        yield Finding("secret", "password_in_link", found.start(1), place)


def assigned(raw: bytes, start: int, end: int) -> Iterator[Finding]:
    """The value that is given to the name from ``start`` to ``end``."""
    found = _VALUE.match(raw, end, end + 256)
    if found is None:
        return
    names = _names(raw, start, end)
    if not names.isdisjoint(_USERS):
        yield from _user_and_password(raw, start, end)
        return
    quoted, value = bool(found[1]) and found[3] == found[1], found[2]
    value = value if quoted else _NEXT.split(value, maxsplit=1)[0].rstrip(b",;.)]}")
    if len(value) < 6 or _PLACEHOLDER.search(value, 0, 64) or _REFERENCE.match(value):
        return
    if not names.isdisjoint(_PASSWORDS):
        is_secret = _is_password(value, quoted)
    else:
        is_secret = _is_key(value, bool(_STRONG_BEFORE.search(raw[max(0, start - 16) : start])) or len(names) > 1)
    if is_secret:
        rule = "password" if not names.isdisjoint(_PASSWORDS) else "assigned_key"
        yield Finding("secret", rule, found.start(2), found.start(2) + len(value))


def _user_and_password(raw: bytes, start: int, end: int) -> Iterator[Finding]:
    """What is given to an option such as ``-u`` of curl."""
    found = _OPTION.match(raw, end, end + 200)
    if found is None or raw[start - 1 : start] != b"-" or not _is_password(found[1], quoted=True):
        return
    asks = _ASKING.search(raw, max(raw.rfind(b"\n", 0, start), start - 200), found.end() + 200)
    if asks is None or _REFERENCE.match(found[1]) or _PLACEHOLDER.search(found[1]):
        return
    yield Finding("secret", "password_of_user", found.start(1), found.end(1))


_PARTS = re.compile(rb"[A-Z]*[a-z]+|[A-Z]+")


def _names(raw: bytes, start: int, end: int) -> set[bytes]:
    """A name and the parts of it in camelCase."""
    name = raw[start:end]
    return {name.lower(), *(part.lower() for part in _PARTS.findall(name))}


def _is_password(value: bytes, quoted: bool) -> bool:
    """Not a word of prose: digits or signs among the letters, or in quotes."""
    kinds = bool(re.search(rb"[a-z]", value)) + bool(re.search(rb"[A-Z]", value)) + bool(re.search(rb"\d", value))
    signs = bool(re.search(rb"[^A-Za-z0-9]", value))
    return kinds + signs >= 2 and (bool(re.search(rb"\d", value)) or signs or quoted) and not _PATH.match(value)


def _is_key(value: bytes, strong: bool) -> bool:
    is_path = _PATH.match(value) and not value.endswith(b"=")  # base64 may begin with a slash
    if not _RANDOM.match(value) or is_path or not re.search(rb"\d", value):
        return False
    if _UUID.match(value) and not strong:
        return False
    is_hex = bool(re.fullmatch(rb"[0-9a-f]+|[0-9A-F]+", value))
    mixed = bool(re.search(rb"[a-z]", value)) and bool(re.search(rb"[A-Z]", value))
    return _looks_random(value) and (strong or mixed or (is_hex and len(value) >= 32))


def _looks_random(value: bytes) -> bool:
    """At least ``_LEAST_BITS`` of Shannon entropy a character, and no placeholder."""
    if _PLACEHOLDER.search(value, 0, 64):
        return False
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) >= _LEAST_BITS
