"""A page of this package's templates that needs nothing but itself.

The page makes no request, runs only the script whose digest its content security policy names, and takes no style but
its own sheets, so a text that should ever slip through the escaping still cannot run.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from stillwatch.report import catalogue, chart, differences, narrative, wording

SHEET, SCRIPT = "report.css", "report.js"


def page(template: str, *sheets: str, **values: Any) -> str:
    """The template filled with ``values``, under the common sheet and script and further ``sheets``."""
    style, script = Markup("").join(asset(name) for name in (SHEET, *sheets)), asset(SCRIPT)
    policy = _policy(style, script)
    return environment().get_template(template).render(style=style, script=script, policy=policy, **values)


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@functools.cache
def asset(name: str, *packages: str) -> Markup:
    """A file of ours, free of anything that would end its element early; unix line ends, as browsers hash those."""
    loader = environment(*packages).loader
    assert loader is not None
    source, _, _ = loader.get_source(environment(*packages), name)
    text = source.replace("\r\n", "\n")
    if "</" in text:
        raise ValueError(f"{name} must not contain '</': it is placed inside an element")
    return Markup(text)


@functools.cache
def environment(*packages: str) -> Environment:
    """The templates of ``packages`` and of this one; a template of theirs stands in for the one of its name here."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, "stillwatch.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(say=wording, tell=narrative, chart=chart, catalogue=catalogue, differences=differences)
    return environment
