"""Words that customers use for one another when they write to a support desk."""

from collections.abc import Mapping, Sequence
from typing import Final

from frontdesk.adapters.library.words import Stems

_GROUPS: Final = {
    "en": (
        "parcel package shipment", "delivery shipping dispatch postage", "refund reimbursement moneyback",
        "return exchange", "warranty guarantee", "shop store", "price cost fee charge", "cancel revoke withdraw",
        "invoice bill receipt", "phone call telephone", "email mail", "damaged broken defective faulty torn",
        "lost missing disappeared", "late delayed overdue", "password login signin log", "account profile",
        "voucher coupon code", "repair fix mend", "clean wash", "pay payment", "buy purchase order",
        "unsubscribe optout", "address location", "delete remove erase", "size dimension measurement",
    ),
    "de": (
        "paket sendung lieferung", "versand lieferung porto zustellung", "erstattung rückerstattung geld rückzahlung",
        "rückgabe retoure rücksendung umtausch", "garantie gewährleistung", "laden geschäft filiale",
        "preis kosten gebühr", "kündigen stornieren widerrufen", "rechnung beleg quittung", "telefon anruf hotline",
        "email mail", "beschädigt kaputt defekt", "verloren verschwunden", "spät verspätet",
        "passwort kennwort anmelden",
        "konto profil", "gutschein rabattcode", "reparatur reparieren", "reinigen waschen säubern",
        "bezahlen zahlung zahlen", "kaufen bestellen bestellung", "adresse anschrift", "löschen entfernen",
        "größe maße", "geöffnet offen öffnungszeiten",
    ),
}  # fmt: skip


def alike(language: str, stems: Stems) -> Mapping[str, Sequence[str]]:
    """For the stem of each such word the stems of the others."""
    others: dict[str, list[str]] = {}
    for group in _GROUPS.get(language, ()):
        members = [stems.of(word, language) for word in group.split()]
        for member in members:
            others.setdefault(member, []).extend(other for other in members if other != member)
    return others
