"""What stands around a number: words that introduce it, and words that say it is something else."""

from __future__ import annotations

import re

from stillwatch.guard.folding import fold_word
from stillwatch.guard.kernel import AFTER, NEAR

_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_PART = re.compile(rb"[A-Z]*[a-z\x80-\xff]+|[A-Z\x80-\xff]+")
_ALONE, _SIZES = re.compile(rb"[\xc0-\xff]{3,}"), range(3, 17)
_OTHERS = (
    b"order invoice tracking shipment sku part serial build commit version ticket ref po isbn ean upc gtin imei asin "
    b"timestamp epoch article item batch lot waybill parcel checksum hash revision release transaction txn "
    b"confirmation booking barcode model case counter seq bestellung bestellnummer rechnung rechnungsnummer auftrag "
    b"auftragsnummer sendungsnummer artikel artikelnummer commande facture pedido factura ordine fattura message "
    b"request session trace articulo lote albaran referencia expediente colis lotto spedizione bestelling factuur "
    b"pakket zamowienie faktura przesylka partia encomenda guia protocolo took imsi vin vorgang aktenzeichen "
    b"ordre ordrenummer ordernummer fakturanummer varenummer tilaus tilausnumero lasku rendeles rendelesszam siparis "
    b"fatura objednavka objednavky comanda pesanan snowflake tweet row docket patent serienummer kundennummer "
    b"created updated modified expires expiry"
)
_ELSEWHERE = "замовлення заказ заказа счёт рахунок παραγγελία τιμολόγιο הזמנה طلب 주문"
_SOMETHING_ELSE = frozenset(_OTHERS.split()) | {fold_word(word) for word in _ELSEWHERE.split()}
_LAST_WORDS = 3
_SAME_LINE = 40


def words(raw: bytes) -> list[bytes]:
    """The words of a stretch in small letters, after each its parts if it is in camelCase."""
    found = []
    for word in _WORD.findall(raw):
        found.append(word.lower())
        if not word.islower() and not word.isupper() and (parts := _PART.findall(word)) != [word]:
            found += map(bytes.lower, parts)
    return found


def _alone(raw: bytes) -> list[bytes]:
    """What may be words in scripts without spaces: every stretch of a word's length."""
    runs = _ALONE.findall(raw)
    return [run[at : at + size] for run in runs for size in _SIZES for at in range(len(run) - size + 1)]


def words_before(raw: bytes, start: int, since: int = 0) -> list[bytes]:
    """The words shortly before, on the same line; ``since`` (below 0) says from how far before on, if not as usual."""
    line = raw.rfind(b"\n", max(0, start - _SAME_LINE), start) + 1
    first = max(line, start - _SAME_LINE, start + since if since else 0, 0)
    return words(raw[first:start])


def is_introduced(raw: bytes, start: int, end: int, introducing: frozenset[bytes]) -> bool:
    """Whether one of ``introducing`` stands before the number, or right behind it."""
    before, after = raw[max(0, start - NEAR) : start], raw[end : end + AFTER]
    if not introducing.isdisjoint(words(before)) or not introducing.isdisjoint(words(after)):
        return True
    return not introducing.isdisjoint(_alone(before)) or not introducing.isdisjoint(_alone(after))


def is_something_else(raw: bytes, start: int, introducing: frozenset[bytes]) -> bool:
    """Whether the last words before say that this is an order, a version or the like."""
    for word in reversed(words_before(raw, start)[-_LAST_WORDS:]):
        if word in introducing:
            return False
        if word in _SOMETHING_ELSE:
            return True
    return False
