"""The guard and other tools behind one shape: a text in, labels out; what each can find at all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.guard.texts import KINDS, Label

Check = Callable[[str], list[Label]]


@dataclass(frozen=True)
class Tool:
    """``kinds`` it has detectors for; nothing else is held against it."""

    name: str
    kinds: tuple[str, ...]
    open: Callable[[], Check]


def _stillwatch() -> Check:
    from stillwatch.guard.check import Guard

    guard = Guard()
    return lambda text: [Label(f.kind, f.start, f.end) for f in guard.check(text)]


_PRESIDIO = {
    "IBAN_CODE": "iban", "CREDIT_CARD": "card", "EMAIL_ADDRESS": "email", "PHONE_NUMBER": "phone", "US_SSN": "identity",
    "UK_NHS": "identity", "ES_NIF": "identity", "ES_NIE": "identity", "IT_FISCAL_CODE": "identity",
    "PL_PESEL": "identity",
    "SG_NRIC_FIN": "identity", "AU_TFN": "identity", "IN_AADHAAR": "identity", "FI_PERSONAL_IDENTITY_CODE": "identity",
    "US_ITIN": "identity", "UK_NINO": "identity", "IN_PAN": "identity", "KR_RRN": "identity", "TH_TNIN": "identity",
}  # fmt: skip


def _presidio() -> Check:
    """All recognisers that need no model, over an empty pipeline of spaCy."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Empty(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en")}

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers()
    import presidio_analyzer.predefined_recognizers as known

    names = (
        "EsNifRecognizer EsNieRecognizer ItFiscalCodeRecognizer PlPeselRecognizer SgFinRecognizer AuTfnRecognizer "
        "InAadhaarRecognizer InPanRecognizer FiPersonalIdentityCodeRecognizer UkNinoRecognizer NhsRecognizer "
        "KrRrnRecognizer ThTninRecognizer"
    )
    for name in names.split():
        if (recogniser := getattr(known, name, None)) is not None:
            registry.add_recognizer(recogniser(supported_language="en"))
    engine = AnalyzerEngine(registry=registry, nlp_engine=Empty(), supported_languages=["en"])
    entities = [entity for entity in _PRESIDIO if entity in engine.get_supported_entities("en")]

    def check(text: str) -> list[Label]:
        found = engine.analyze(text, language="en", entities=entities, score_threshold=0.4)
        return [Label(_PRESIDIO[r.entity_type], r.start, r.end) for r in found]

    return check


def _detect_secrets() -> Check:
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    folder = Path(tempfile.mkdtemp(prefix="stillwatch-benchmark-"))

    def check(text: str) -> list[Label]:
        path = folder / "text.txt"
        path.write_text(text, "utf-8")
        with default_settings():
            secrets = SecretsCollection()
            secrets.scan_file(str(path))
        labels = []
        for _, secret in secrets:
            value = secret.secret_value or ""
            at = text.find(value) if value else -1
            labels.append(Label("secret", max(at, 0), max(at, 0) + max(len(value), 1)))
        return labels

    return check


_SCRUBADUB = {"email": "email", "phone": "phone", "credit_card": "card", "social_security_number": "identity",
    "national_insurance_number": "identity", "tax_reference_number": "identity", "credential": "secret"}  # fmt: skip


def _scrubadub() -> Check:
    import scrubadub

    scrubber = scrubadub.Scrubber(detector_list=[], post_processor_list=[])
    for name in ("email", "phone", "credit_card", "social_security_number", "national_insurance_number", "credential"):
        scrubber.add_detector(name)

    def check(text: str) -> list[Label]:
        return [
            Label(_SCRUBADUB[f.detector_name], f.beg, f.end)
            for f in scrubber.iter_filth(text)
            if f.detector_name in _SCRUBADUB
        ]

    return check


TOOLS: tuple[Tool, ...] = (
    Tool("Stillwatch", KINDS, _stillwatch),
    Tool("presidio-analyzer (no model)", ("iban", "card", "identity", "email", "phone"), _presidio),
    Tool("detect-secrets", ("secret",), _detect_secrets),
    Tool("scrubadub", ("card", "identity", "email", "phone"), _scrubadub),
)
