"""The sections and fields of the register, declared once.

Contract: ``SECTIONS`` is the whole register. A field has a kind, and every kind may be left open with ``""`` (or ``[]``
where it is a list): an open field is known to be missing and is listed as such wherever it is asked for. A field that
is absent is a mistake if it is ``required``. What a field says is checked against the product in ``checks``.

Deliberately not here: what the product knows about itself, such as columns, adapters, sinks and settings.
"""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch.privacy.categories import KEPT

SCHEMA = "stillwatch.register/1"

LEGAL_BASES: tuple[tuple[str, str], ...] = (
    ("consent", "consent, Art. 6(1)(a)"),
    ("contract", "contract, Art. 6(1)(b)"),
    ("legal_obligation", "legal obligation, Art. 6(1)(c)"),
    ("vital_interests", "vital interests, Art. 6(1)(d)"),
    ("public_task", "public task, Art. 6(1)(e)"),
    ("legitimate_interests", "legitimate interests, Art. 6(1)(f)"),
)
SAFEGUARDS: tuple[tuple[str, str], ...] = (
    ("adequacy", "adequacy decision, Art. 45"),
    ("standard_clauses", "standard data protection clauses, Art. 46(2)(c) or (d)"),
    ("binding_rules", "binding corporate rules, Art. 47"),
    ("code_of_conduct", "approved code of conduct, Art. 46(2)(e)"),
    ("certification", "approved certification, Art. 46(2)(f)"),
    ("derogation", "derogation, Art. 49"),
    ("none", "no safeguard"),
)
ACTIVITIES: tuple[tuple[str, str], ...] = (
    ("detection", "accounts of a log are compared and groups named (scan, hunt, rehearse)"),
    ("examples", "redacted excerpts of requests are kept in run folders for a time"),
    ("cases", "findings are kept and decided on as cases (case)"),
    ("guard", "texts of staff are checked before they leave, and counts by team are kept (guard)"),
    ("derivation", "marks are put into served text under keys of groups of accounts (derive)"),
)
PEOPLE: tuple[tuple[str, str], ...] = (
    ("account_holders", "holders of accounts"),
    ("end_users", "people behind the customers' own applications"),
    ("people_in_texts", "people whom requests speak of"),
    ("staff", "staff whose texts are checked before they leave"),
)
AUDIENCES: tuple[tuple[str, str], ...] = (
    ("registered", "people with an account"),
    ("unregistered", "people without an account"),
)
LEVELS: tuple[tuple[str, str], ...] = (("low", "low"), ("medium", "medium"), ("high", "high"))
ORIGINS: tuple[tuple[str, str], ...] = (
    ("person", "from the person"),
    ("customer", "from a customer about its own people"),
    ("public", "from public places, scraped ones included"),
    ("third_party", "from somebody else"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One key; ``kind`` is text, texts, flag, days, date, country, choice, choices or file."""

    name: str
    kind: str
    doc: str
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A table, or with ``many`` an array of tables."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    many: bool = False
    required: bool = True


def _contact(name: str, doc: str, *more: Field, many: bool = False, required: bool = True) -> Section:
    own = (Field("name", "text", "name"), Field("contact", "text", "address, mail, telephone"))
    return Section(name, doc, (*own, *more), many, required)


_COUNTRY = Field("country", "country", "ISO 3166 code of two letters")

SECTIONS: tuple[Section, ...] = (
    _contact(
        "organisation",
        "who is responsible, Art. 30(1)(a); in the processor's form the processor, Art. 30(2)(a)",
        _COUNTRY,
        Field("representative", "text", "representative in the Union, Art. 27", required=False),
    ),
    _contact("dpo", "data protection officer, Art. 37", required=False),
    _contact("joint_controllers", "joint controllers, Art. 26", many=True, required=False),
    _contact(
        "controllers",
        "on whose behalf data are processed, Art. 30(2)",
        Field("processing", "texts", "categories of processing carried out for it"),
        Field("representative", "text", "representative, Art. 27", required=False),
        Field("dpo", "text", "its data protection officer", required=False),
        many=True,
        required=False,
    ),
    Section(
        "purposes",
        "why data are processed",
        (
            Field("name", "text", "the purpose in a sentence"),
            Field("activities", "choices", "what the product does for it", choices=ACTIVITIES),
            Field("people", "choices", "whose data", choices=PEOPLE),
            Field("legal_basis", "choice", "Art. 6(1)", choices=LEGAL_BASES),
            Field("reference", "text", "contract clause, law, or form of consent", required=False),
            Field("balancing_test", "text", "where the balancing test lies", required=False),
        ),
        many=True,
    ),
    Section(
        "data",
        "a person's own statement of what is processed; read from the tables in any case",
        (Field("categories", "texts", "names of categories as the record prints them"),),
        required=False,
    ),
    Section(
        "sources",
        "where logs come from",
        (
            Field("name", "text", "the system that writes the log"),
            Field("adapter", "text", "as 'stillwatch ingest --explain' names it"),
            Field("origin", "choice", "whom the data come from", choices=ORIGINS),
        ),
        many=True,
    ),
    Section(
        "storage",
        "where the folders of the product lie",
        (
            Field("folder", "text", "a folder; everything below it counts"),
            _COUNTRY,
            Field("provider", "text", "whose machine it is"),
        ),
        many=True,
    ),
    Section(
        "recipients",
        "to whom data are disclosed",
        (
            Field("name", "text", "who, or which category"),
            _COUNTRY,
            Field("why", "text", "for what"),
            Field("targets", "texts", "targets of deliver, or feed-redis, by which it reaches them", required=False),
        ),
        many=True,
        required=False,
    ),
    Section(
        "transfers",
        "third countries, Art. 44 and following",
        (
            _COUNTRY,
            Field("safeguard", "choice", "what the transfer rests on", choices=SAFEGUARDS),
            Field("reference", "text", "where the document lies"),
        ),
        many=True,
        required=False,
    ),
    Section(
        "retention",
        "days until data are removed by 'stillwatch privacy expire'",
        tuple(
            Field(name, "days", f"days that {name} are kept", required=False)
            for name in ("examples", *(table.name for table in KEPT))
        ),
    ),
    Section("security", "Art. 32(1), beside what the product does", (Field("measures", "texts", "measures"),)),
    Section(
        "training",
        "whether personal data train a model of the organisation",
        (
            Field("used", "flag", "whether they do"),
            Field("data", "text", "which data", required=False),
            Field("how", "text", "how they are used", required=False),
            Field("case_evidence", "flag", "whether data of this product are among them", required=False),
        ),
    ),
    Section("scraping", "data collected from the web", (Field("used", "flag", "whether personal data were scraped"),)),
    Section(
        "notices",
        "how people were informed, Art. 13 and 14",
        (
            Field("audience", "choice", "who was informed", choices=AUDIENCES),
            Field("date", "date", "since when"),
            Field("channel", "text", "how it reached them"),
            Field("text", "text", "the text", required=False),
            Field("file", "file", "the text in a file beside the register", required=False),
        ),
        many=True,
        required=False,
    ),
    Section(
        "impact_assessment",
        "Art. 35",
        (Field("reference", "text", "where it lies"), Field("date", "date", "of its last review")),
        required=False,
    ),
    Section(
        "assessment",
        "Art. 35(7) and Art. 6(1)(f): what only the organisation can say",
        (
            Field("interest", "text", "the interest that is pursued"),
            Field("necessity", "text", "why the processing is needed for it"),
            Field("alternatives", "text", "which milder means were looked at, and why they do not do"),
            Field("expectations", "text", "why people may expect the processing"),
            Field("consulted", "text", "who was asked, Art. 35(2) and (9)"),
            Field("outcome", "text", "what was decided"),
            Field("date", "date", "when"),
        ),
        required=False,
    ),
    Section(
        "risks",
        "risks to people that the organisation sees, beside those of the product",
        (
            Field("name", "text", "what may happen to whom"),
            Field("likelihood", "choice", "how likely it is with the measure", choices=LEVELS),
            Field("severity", "choice", "how bad it would be", choices=LEVELS),
            Field("measure", "text", "what is done against it"),
        ),
        many=True,
        required=False,
    ),
    Section(
        "decisions",
        "Art. 22: who decides, and how a person objects",
        (
            Field("decided_by", "text", "the role that decides on measures"),
            Field("authority", "text", "what it may decide against a finding, and on which further knowledge"),
            Field("appeal_to", "text", "where a person objects"),
            Field("answered_within", "days", "days until an objection is answered by another person"),
        ),
        required=False,
    ),
    Section(
        "holds",
        "open cases whose data must not be erased",
        (
            Field("case", "text", "the case"),
            Field("reason", "text", "why it must be kept, with the provision"),
            Field("since", "date", "first day"),
            Field("review", "date", "last day; the hold must be renewed or taken away then"),
            Field("accounts", "texts", "accounts", required=False),
            Field("campaigns", "texts", "campaigns", required=False),
        ),
        many=True,
        required=False,
    ),
)
