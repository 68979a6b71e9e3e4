"""Office files and PDF: their text is found, and what is broken, hostile or too large is refused by name."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from stillwatch.errors import InputError
from stillwatch.guard import image, office
from stillwatch.guard.check import Guard
from stillwatch.guard.decoding import decode

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
DOCUMENT = (
    f"<w:document {W}><w:body><w:p><w:r><w:t>pay to DE89 3704</w:t></w:r><w:r><w:t> 0044 0532 0130 00</w:t></w:r></w:p>"
    "<w:p><w:r><w:t>second</w:t></w:r></w:p></w:body></w:document>"
)
CELLS = "<c><v>7</v></c><c t='inlineStr'><is><t>jo@firm.example</t></is></c>"
SHEET = f"<worksheet><sheetData><row>{CELLS}</row></sheetData></worksheet>"


def _zip(parts: Mapping[str, str | bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return raw.getvalue()


def _pdf(text: str) -> bytes:
    content = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    raw, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(raw))
        raw += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer\n<< /Size 6 /Root 1 0 R >>\n"
    return raw + head + b"startxref\n%d\n%%%%EOF\n" % len(raw)


def test_text_of_a_document_is_whole_across_its_runs() -> None:
    text = decode("a.docx", _zip({"word/document.xml": DOCUMENT, "word/media/x.png": b"\x89PNG"}))
    assert "pay to DE89 3704 0044 0532 0130 00\n" in text and "second" in text


def test_cells_and_shared_strings_of_a_sheet_are_read() -> None:
    shared = "<sst><si><t>4539 1488 0343 6467</t></si></sst>"
    text = decode("a.xlsx", _zip({"xl/worksheets/sheet1.xml": SHEET, "xl/sharedStrings.xml": shared}))
    assert "jo@firm.example" in text and "4539 1488 0343 6467\n" in text and "7\tjo@" in text


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"readme.txt": "x"}, "no Office file"),
        ({"word/document.xml": "<w:document"}, "cannot be read"),
        ({"word/document.xml": '<!DOCTYPE a [<!ENTITY b "cc">]><a>&b;</a>'}, "document type"),
    ],
)
def test_what_is_no_office_file_is_refused(parts: Mapping[str, str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        decode("a.docx", _zip(parts))


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MOST_UNPACKED", 1 << 20)
    bomb = _zip({"word/document.xml": b"<a>" + bytes(b"x" * (4 << 20)) + b"</a>"})
    assert len(bomb) < 1 << 14
    with pytest.raises(InputError, match="more than 1 MiB"):
        decode("a.docx", bomb)
    monkeypatch.setattr(office, "MOST_PARTS", 3)
    with pytest.raises(InputError, match="parts"):
        decode("a.docx", _zip({f"word/header{k}.xml": "<a/>" for k in range(5)}))


def test_a_cut_archive_and_a_wrong_checksum_are_refused() -> None:
    raw = _zip({"word/document.xml": DOCUMENT})
    for broken in (
        raw[: len(raw) // 2],
        raw.replace(b"document.xml", b"documant.xml", 1),
        raw[:60] + b"\xff" * 8 + raw[68:],
    ):
        with pytest.raises(InputError, match=r"a\.docx"):
            decode("a.docx", broken)


def test_text_of_a_pdf_is_read_and_a_broken_or_empty_one_refused() -> None:
    assert "pay to DE89 3704 0044 0532 0130 00" in decode(
        "a.pdf", b"junk\n" + _pdf("pay to DE89 3704 0044 0532 0130 00")
    )
    with pytest.raises(InputError, match="holds no text"):
        decode("a.pdf", _pdf(""))
    with pytest.raises(InputError, match="as a PDF"):
        decode("a.pdf", b"%PDF-1.7\nnothing")


LETTER = Path(__file__).with_name("letter.png").read_bytes()
"""A picture of a few typed lines: an IBAN, an address."""


def test_what_is_written_in_an_image_is_found(real_part: Callable[[str, object], Any]) -> None:
    real_part(image.PROGRAM, shutil.which(image.PROGRAM))
    found = Guard().check(decode("letter.png", LETTER))
    assert [finding.kind for finding in found] == ["iban", "email"]
    with pytest.raises(InputError, match=r"b.png: cannot be read as an image"):
        decode("b.png", LETTER[:300])


def test_an_image_is_refused_by_name_where_nothing_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"a.png: is an image, .* tesseract"):
        decode("a.png", LETTER)


def test_what_is_no_text_is_refused_and_what_begins_like_an_image_is_not_one() -> None:
    with pytest.raises(InputError, match="is no text"):
        decode("a.wav", b"RIFF\x24\x00\x00\x00WAVE" + bytes(range(256)))
    assert decode("a.txt", b"BMW sells cars") == "BMW sells cars"
