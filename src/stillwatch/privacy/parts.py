"""What can be said about the processing, topic by topic: from the register, and from what the product does.

Contract: each function of ``catalogue`` takes a register and a running installation and returns items. What the product
knows is read from it; what only a person can know is read from the register or open. Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterator

from stillwatch.model.tables import Table
from stillwatch.privacy.categories import KEPT, held_in, named
from stillwatch.privacy.paper import Item, item
from stillwatch.privacy.register import Register, Row, words
from stillwatch.privacy.running import Running
from stillwatch.privacy.schema import AUDIENCES, LEGAL_BASES, ORIGINS, PEOPLE, SAFEGUARDS

TABLES = "declared tables"


def responsible(register: Register, running: Running) -> Iterator[Item]:
    """The organisation, joint controllers, representative, data protection officer."""
    own = register.one("organisation")
    yield item("Name", own.text("name"), own.where("name"))
    yield item("Contact", own.text("contact"), own.where("contact"))
    yield item("Country", own.text("country"), own.where("country"))
    if own.text("representative"):
        yield item("Representative", own.text("representative"), own.where("representative"))
    officer = register.one("dpo")
    yield item(
        "Data protection officer",
        _contact(officer),
        officer.where(),
        "name the data protection officer, or write that there is none",
    )
    for joint in register.many("joint_controllers"):
        yield item("Joint controller", _contact(joint), joint.where())


def purposes(register: Register, running: Running) -> Iterator[Item]:
    for row in register.many("purposes"):
        does = tuple(f"by: {name}" for name in row.texts("activities"))
        yield item("Purpose", (row.text("name"), *does) if row.text("name") else (), row.where("name"))


def legal_bases(register: Register, running: Running) -> Iterator[Item]:
    for row in register.many("purposes"):
        label = f"Legal basis of: {row.text('name') or 'an unnamed purpose'}"
        basis = words(LEGAL_BASES, row.text("legal_basis"))
        more = (basis, row.text("reference")) if basis else ()
        yield item(label, more, row.where("legal_basis"), "choose a legal basis of Art. 6(1)")
        if row.text("legal_basis") == "legitimate_interests":
            where = row.where("balancing_test")
            yield item("Balancing test", row.text("balancing_test"), where, "name where the balancing test lies")


def people(register: Register, running: Running) -> Iterator[Item]:
    """Categories of data subjects, as the register's purposes name them."""
    found = {name: row.where("people") for row in register.many("purposes") for name in row.texts("people")}
    for name, where in found.items():
        yield item("Data subjects", words(PEOPLE, name), where)
    if not found:
        rows = register.many("purposes")
        yield item("Data subjects", (), rows[0].where("people") if rows else register.path.name)


def categories(register: Register, running: Running) -> Iterator[Item]:
    """Categories of personal data, read from the tables: what is kept, and what is only read."""
    for name in held_in((*running.kept, *running.passing)):
        kept = [f"kept in {line}" for line in _columns(name, running.kept)]
        read = [f"read, not kept: {line}" for line in _columns(name, running.passing)]
        yield item(name, (named(name).words, *kept, *read), TABLES)
    if running.keeps_examples:
        how = f"redacted excerpts of requests, at most {running.settings.examples_per_group} a group"
        yield item("examples", how, running.setting("examples_per_group"))
    if running.cases:
        what = "members by name, notes and hypotheses, sealed; evidence under pseudonyms"
        yield item("cases", (f"{running.cases:,} cases", what), "case journals")


def _columns(category: str, tables: tuple[Table, ...]) -> Iterator[str]:
    for table in tables:
        if found := held_in((table,)).get(category):
            yield f"{table.name}: {', '.join(found)}"


def counts(register: Register, running: Running) -> Iterator[Item]:
    """How much of it there is in the folders that were named."""
    if not running.runs:
        what = "name the run folders with --store to have them counted"
        yield item("Records kept", (), "no run folder was named", what)
        return
    for run in running.runs:
        rows = ", ".join(f"{n:,} {name}" for name, n in run.rows.items())
        until = "" if run.examples_expire_at is None else f" until {run.examples_expire_at:%Y-%m-%d}"
        values = (f"rows: {rows}", f"{run.accounts:,} accounts, {run.examples:,} redacted examples{until}")
        yield item(f"Run folder {run.folder.name}", values, str(run.folder))
    masked = ", ".join(f"{kind} {n:,}" for kind, n in running.redacted_kinds.items())
    yield item("Kinds masked in examples", masked or "none found", "counted in the run folders")


def sources(register: Register, running: Running) -> Iterator[Item]:
    adapters = dict(running.adapters)
    for row in register.many("sources"):
        known = adapters.get(row.text("adapter"), "")
        origin = words(ORIGINS, row.text("origin"))
        values = (row.text("name"), f"read as {row.text('adapter')}: {known}" if known else "", origin)
        missing = "" if all(values) else "fill in name, adapter and origin of this source"
        yield Item("Source", tuple(v for v in values if v), row.where("name"), missing)


def recipients(register: Register, running: Running) -> Iterator[Item]:
    rows = register.many("recipients")
    for row in rows:
        yield item("Recipient", _joined(row, "name", "country", "why"), row.where("name"))
    if not rows:
        none = "the register names no recipient"
        yield item("Recipients", none, register.one("recipients").where())
    for target in running.targets:
        yield item(f"Sent by the product: {target.name}", target.to, target.where)
    if not running.targets:
        none = "nothing: no target of deliver and no feed in Redis is set in the home and the folders that were named"
        yield item("Sent by the product itself", none, "read from the installation")


def storage(register: Register, running: Running) -> Iterator[Item]:
    """Where data lie: folders of the register, and the folders in use that each covers."""
    for row in register.many("storage"):
        values = _joined(row, "folder", "country", "provider")
        missing = "" if row.text("country") else "name the country in which this folder lies"
        yield Item("Storage", (values,) if values else (), row.where("folder"), missing)


def transfers(register: Register, running: Running) -> Iterator[Item]:
    rows = register.many("transfers")
    for row in rows:
        guard = words(SAFEGUARDS, row.text("safeguard"))
        values = (row.text("country"), guard, row.text("reference"))
        missing = "" if all(values) else "name country, safeguard and where its document lies"
        yield Item("Transfer", tuple(v for v in values if v), row.where("country"), missing)
    if not rows:
        none = "none: every storage location and recipient of the register lies in the European Economic Area"
        if any(not row.text("country") for name in ("storage", "recipients") for row in register.many(name)):
            none = ""
        open_for = "countries of storage or recipients are open, so transfers cannot be ruled out"
        yield item("Transfers to third countries", none, register.one("transfers").where(), open_for)


def retention(register: Register, running: Running) -> Iterator[Item]:
    row = register.one("retention")
    days = running.settings.examples_days
    yield item("examples", f"{days} days from the scan", running.setting("examples_days"))
    for table in KEPT:
        kept = row.days(table.name)
        words_ = "" if kept is None else f"{kept} days, then removed by 'stillwatch privacy expire'"
        yield item(table.name, words_, row.where(table.name), f"say for how many days {table.name} are kept")
    if running.watched:
        state = f"at most {running.state_days} days in the state of watch"
        yield item("sketches", state, ", ".join(map(str, running.watched)))
    gone = "not kept: gone when the run ends"
    yield item(", ".join(t.name for t in running.passing), gone, TABLES)
    if running.cases:
        how = "entries stay; names and notes are sealed, and an erasure destroys their key"
        yield item("cases", how, "case journals")


def security(register: Register, running: Running) -> Iterator[Item]:
    row = register.one("security")
    yield item("Measures of the organisation", row.texts("measures"), row.where("measures"))
    own = (
        "text, end users, sessions and addresses become keyed hashes when a log is read",
        "redacted examples expire; erasure and access by account",
        "keys are readable by their user only and are never printed; output appears complete or not at all",
    )
    yield item("Measures of the product", own, "part of the product")
    if running.keys:
        newest = running.keys[-1]
        older = f"; {len(running.keys) - 1} older until their time is over" if len(running.keys) > 1 else ""
        yield item("Key", f"version {newest.version} of {newest.created_at}{older}", str(running.home / "keyring.json"))


def training(register: Register, running: Running) -> Iterator[Item]:
    row = register.one("training")
    used = row.flag("used")
    if used is None:
        yield item("Used to train models", (), row.where("used"), "say whether personal data train a model")
    elif used:
        yield item("Used to train models", "yes", row.where("used"))
        yield item("Data used", row.text("data"), row.where("data"))
        yield item("How", row.text("how"), row.where("how"))
    else:
        yield item("Used to train models", "no", row.where("used"))
    own = "no: a scan learns nothing from a log, and findings and examples train nothing"
    yield item("Used by this product", own, "part of the product")


def scraping(register: Register, running: Running) -> Iterator[Item]:
    row = register.one("scraping")
    used = row.flag("used")
    said = "" if used is None else ("yes" if used else "no")
    yield item("Personal data scraped from the web", said, row.where("used"), "say whether data were scraped")


def notices(register: Register, running: Running) -> Iterator[Item]:
    """How people with and without an account were informed, with date and text."""
    for name, who in AUDIENCES:
        rows = [row for row in register.many("notices") if row.text("audience") == name]
        for row in rows:
            day = row.day("date")
            text = row.text("text") or (f"text in {row.text('file')}" if row.text("file") else "")
            values = (f"since {day}" if day else "", row.text("channel"), text)
            missing = "" if all(values) else "fill in date, channel and text of this notice"
            yield Item(f"Notice to {who}", tuple(v for v in values if v), row.where(), missing)
        if not rows:
            where = register.one("notices").where()
            yield item(f"Notice to {who}", (), where, f"say how and when {who} were informed")


def controllers(register: Register, running: Running) -> Iterator[Item]:
    """Controllers on whose behalf data are processed, with the categories of processing."""
    rows = register.many("controllers")
    for row in rows:
        extra = tuple(f"{name}: {row.text(name)}" for name in ("representative", "dpo") if row.text(name))
        contact = _contact(row)
        yield item("Controller", (contact, *extra) if contact else (), row.where())
    if not rows:
        where = register.one("controllers").where()
        yield item("Controllers", (), where, "name each controller on whose behalf data are processed")


def processing(register: Register, running: Running) -> Iterator[Item]:
    for row in register.many("controllers"):
        yield item(
            f"For {row.text('name') or 'an unnamed controller'}", row.texts("processing"), row.where("processing")
        )
    for name, how in running.activities().items():
        yield item(f"What the product does: {name}", how, "running configuration")


def impact_assessment(register: Register, running: Running) -> Iterator[Item]:
    row = register.one("impact_assessment")
    yield item("Impact assessment", _joined(row, "reference"), row.where("reference"), "name it, or why there is none")


def _contact(row: Row) -> str:
    return _joined(row, "name", "contact")


def _joined(row: Row, *names: str) -> str:
    return ", ".join(row.text(name) for name in names if row.text(name))
