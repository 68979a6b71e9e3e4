"""What stands around a number: words that introduce it, and words that say it is something else."""

from __future__ import annotations

import re

from stillwatch.guard.kernel import AFTER, NEAR

_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_PART = re.compile(rb"[A-Z]*[a-z\x80-\xff]+|[A-Z\x80-\xff]+")
_OTHERS = (
    b"order invoice tracking shipment sku part serial build commit version ticket ref po isbn ean upc gtin imei asin "
    b"timestamp epoch article item batch lot waybill parcel checksum hash revision release transaction txn "
    b"confirmation booking barcode model case counter seq bestellung bestellnummer rechnung rechnungsnummer auftrag "
    b"auftragsnummer sendungsnummer artikel artikelnummer commande facture pedido factura ordine fattura message "
    b"request session trace articulo lote albaran referencia expediente colis lotto spedizione bestelling factuur "
    b"pakket zamowienie faktura przesylka partia encomenda guia protocolo took imsi vin vorgang aktenzeichen"
)
_SOMETHING_ELSE = frozenset(_OTHERS.split())
_LAST_WORDS = 3
_SAME_LINE = 40


def words(raw: bytes) -> list[bytes]:
    """The words of a stretch in small letters, after each its last part if it is in camelCase."""
    found = []
    for word in _WORD.findall(raw):
        found.append(word.lower())
        if not word.islower() and not word.isupper() and (last := _PART.findall(word)[-1]) != word:
            found.append(last.lower())
    return found


def words_before(raw: bytes, start: int) -> list[bytes]:
    """The words shortly before, on the same line."""
    first = max(raw.rfind(b"\n", max(0, start - _SAME_LINE), start) + 1, start - _SAME_LINE, 0)
    return words(raw[first:start])


def is_introduced(raw: bytes, start: int, end: int, introducing: frozenset[bytes]) -> bool:
    """Whether one of ``introducing`` stands before the number, or right behind it."""
    near = words(raw[max(0, start - NEAR) : start])
    return not introducing.isdisjoint(near) or not introducing.isdisjoint(words(raw[end : end + AFTER]))


def is_named(raw: bytes, start: int, names: frozenset[bytes]) -> bool:
    """Whether one of ``names`` stands before the number on its line: for names that are too common to reach further."""
    return not names.isdisjoint(words_before(raw, start))


def is_something_else(raw: bytes, start: int, introducing: frozenset[bytes]) -> bool:
    """Whether the last words before say that this is an order, a version or the like."""
    for word in reversed(words_before(raw, start)[-_LAST_WORDS:]):
        if word in introducing:
            return False
        if word in _SOMETHING_ELSE:
            return True
    return False
