"""Sorts a customer's message by keyword rules in four languages, in the shape a model's triage would have."""

import re
from dataclasses import dataclass
from typing import Any

from frontdesk.sandbox.model.prompt import Prompt
from frontdesk.sandbox.model.words import language_of


@dataclass(frozen=True, slots=True)
class Rule:
    category: str
    tier: int
    priority: str
    needs_human: bool
    reason: str
    pattern: re.Pattern[str]


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(phrases) + r")(?!\w)")


# The first rule that matches decides, so the graver matters stand first.
RULES = (
    Rule(
        "security",
        3,
        "urgent",
        True,
        "The message reports a security problem.",
        _any_of(
            r"hacked",
            r"hijacked",
            r"phishing",
            r"fraud\w*",
            r"scam\w*",
            r"data (?:breach|leak)",
            r"identity theft",
            r"(?:stole|stolen|compromised)[^.?!]{0,30}(?:account|card|password|login)",
            r"(?:account|card|password|login)[^.?!]{0,30}(?:stolen|compromised|leaked)",
            r"some(?:one|body)(?: else)?(?: has| is| was)? (?:logged|logging|used|using|accessed|ordered)",
            r"unauthori[sz]ed (?:access|login|order|payment|charge|transaction)\w*",
            r"security (?:hole|issue|flaw)",
            r"gehackt\w*",
            r"betrug\w*",
            r"betrüger\w*",
            r"datenleck",
            r"jemand (?:anderes|fremdes)",
            r"fremde[rn]? zugriff",
            r"kontomissbrauch",
            r"(?:konto|karte|passwort)[^.?!]{0,30}gestohlen",
            r"pirat(?:é|age|ée)\w*",
            r"hameçonnage",
            r"fraude\w*",
            r"usurpation",
            r"escroquerie",
            r"hackead[oa]",
            r"estafa\w*",
            r"suplantación",
            r"robad[oa] (?:mi )?(?:cuenta|tarjeta)",
        ),
    ),
    Rule(
        "legal",
        3,
        "high",
        True,
        "The message raises a legal matter.",
        _any_of(
            r"lawyers?",
            r"attorneys?",
            r"solicitor",
            r"sue",
            r"suing",
            r"lawsuit",
            r"legal (?:action|advice|claim|steps)",
            r"take you to court",
            r"small claims",
            r"consumer protection",
            r"injur(?:ed|y|ies)",
            r"(?:rechts)?anwalt",
            r"anwältin",
            r"verklag\w*",
            r"klage",
            r"gericht",
            r"rechtliche schritte",
            r"verbraucherschutz\w*",
            r"verbraucherzentrale",
            r"verletzt",
            r"avocate?",
            r"tribunal",
            r"porter plainte",
            r"poursuites?",
            r"action en justice",
            r"abogad[oa]",
            r"demandar\w*",
            r"tribunales",
            r"acciones legales",
            r"denuncia\w*",
        ),
    ),
    Rule(
        "person",
        3,
        "normal",
        True,
        "The customer asks for a person.",
        _any_of(
            r"(?:speak|talk|chat|connect me|put me through|transfer me)\b[^.?!]{0,25}"
            r"(?:person|human|someone|somebody|agent|representative|staff|manager|supervisor|colleague)",
            r"(?:real|actual|live) (?:person|human|agent)",
            r"a human(?: being)?",
            r"human(?: being)? please",
            r"^human\W*$",
            r"customer service rep\w*",
            r"(?:get|need|want) (?:a |an )?(?:human|person|agent|manager|supervisor)",
            r"(?:mit|zu) (?:einem|einer|jemand\w*)(?: \w+)? ?(?:menschen|person|mitarbeiter\w*|kolleg\w*)?"
            r"[^.?!]{0,12}(?:sprechen|reden|verbinden|schreiben)",
            r"(?:echten?|richtigen?) (?:mensch\w*|person)",
            r"(?:will|möchte|brauche|gib\w* mir)[^.?!]{0,20}(?:mensch\w*|mitarbeiter\w*)",
            r"mitarbeiter(?:in)? sprechen",
            r"mensch(?:en)? bitte",
            r"parler [àa] (?:quelqu|une? (?:vraie )?(?:personne|humain|conseill\w+|agent|responsable))\w*",
            r"une vraie personne",
            r"un humain",
            r"un conseiller",
            r"hablar con (?:una? )?(?:persona|humano|agente|alguien|responsable)",
            r"persona real",
            r"un humano",
        ),
    ),
    Rule(
        "refund",
        1,
        "high",
        True,
        "The customer asks for their own money back.",
        _any_of(
            r"(?:i|we) (?:want|need|demand|would like|expect|request|am owed)[^.?!]{0,30}"
            r"(?:refund\w*|money back|reimburse\w*)",
            r"give (?:me|us)[^.?!]{0,20}(?:refund|money)",
            r"refund (?:me|my|this|the order|order)",
            r"where(?:'s| is) my (?:refund|money)",
            r"(?:not|never|still)[^.?!]{0,25}(?:refunded|received my refund)",
            r"(?:haven't|have not)[^.?!]{0,25}refund\w*",
            r"my refund (?:is|isn't|has|hasn't|did|didn't|never|still)",
            r"(?:möchte|will|verlange|hätte gern\w*|brauche)[^.?!]{0,30}"
            r"(?:geld zurück|erstatt\w*|rückerstattung)",
            r"wo (?:ist|bleibt)[^.?!]{0,12}(?:geld|erstattung)",
            r"(?:noch )?(?:keine|nicht)[^.?!]{0,20}erstatt\w*",
            r"(?:veux|voudrais|exige|demande)[^.?!]{0,30}rembours\w*",
            r"rembours(?:ez|er)[ -]moi",
            r"où est mon remboursement",
            r"(?:quiero|exijo|necesito)[^.?!]{0,30}(?:reembolso|devoluci[oó]n|mi dinero)",
            r"devuélv\w+[^.?!]{0,12}dinero",
        ),
    ),
    Rule(
        "account",
        2,
        "high",
        True,
        "The customer cannot get into their account.",
        _any_of(
            r"locked out",
            r"account (?:is |was |has been |got )?(?:locked|blocked|suspended|disabled|banned)",
            r"(?:can't|cannot|can not|unable to)[^.?!]{0,20}(?:log ?in|sign in|access my account|get into)",
            r"lost (?:access|my (?:2fa|authenticator|phone))",
            r"ausgesperrt",
            r"konto (?:ist |wurde )?(?:gesperrt|blockiert|deaktiviert)",
            r"zugang verloren",
            r"(?:kann|komme)[^.?!]{0,30}nicht (?:mehr )?(?:einloggen|anmelden|in mein konto|rein)",
            r"compte (?:est |a été )?(?:bloqué|suspendu|désactivé)",
            r"(?:peux|arrive)[^.?!]{0,12}(?:pas|plus)[^.?!]{0,12}connecter",
            r"cuenta (?:está |ha sido )?(?:bloquead\w+|suspendid\w+)",
            r"no puedo (?:entrar|acceder|iniciar)",
        ),
    ),
    Rule(
        "billing",
        2,
        "high",
        True,
        "The customer disputes a charge.",
        _any_of(
            r"(?:charged|billed|paid|debited)[^.?!]{0,20}(?:twice|double|two times|too much|wrong\w*|again)",
            r"double charge\w*",
            r"overcharged",
            r"(?:wrong|unknown|unexpected) (?:charge|amount|payment)",
            r"chargeback",
            r"(?:doppelt|zweimal|zu viel|falsch)[^.?!]{0,20}(?:abgebucht|belastet|bezahlt|berechnet)",
            r"(?:abgebucht|belastet|bezahlt|berechnet)[^.?!]{0,20}(?:doppelt|zweimal|zu viel)",
            r"(?:débité|facturé|prélevé)\w*[^.?!]{0,20}(?:deux fois|trop|double)",
            r"(?:cobrado|cobraron|cargo)[^.?!]{0,20}(?:dos veces|doble|de más)",
        ),
    ),
    Rule(
        "refund",
        1,
        "normal",
        False,
        "The customer asks how refunds work.",
        _any_of(
            r"refund\w*",
            r"money back",
            r"erstattung\w*",
            r"rückerstattung\w*",
            r"geld zurück",
            r"rembours\w*",
            r"reembolso\w*",
        ),
    ),
    Rule(
        "account",
        1,
        "normal",
        False,
        "The message is about the customer's account.",
        _any_of(
            r"passwords?",
            r"log ?in",
            r"sign in",
            r"(?:my|an|the|your) account",
            r"passwort\w*",
            r"kennwort",
            r"(?:mein|ein|das)\w* (?:kunden)?konto",
            r"anmelden",
            r"einloggen",
            r"mot de passe",
            r"mon compte",
            r"contraseña",
            r"mi cuenta",
        ),
    ),
    Rule(
        "billing",
        1,
        "normal",
        False,
        "The message is about paying or an invoice.",
        _any_of(
            r"invoices?",
            r"receipts?",
            r"pay(?:ing|ment|ments)?",
            r"vouchers?",
            r"gift cards?",
            r"vat",
            r"rechnung\w*",
            r"bezahl\w*",
            r"zahlung\w*",
            r"zahlen",
            r"gutschein\w*",
            r"facture\w*",
            r"pa(?:yer|iement)\w*",
            r"factura\w*",
            r"pag(?:ar|o|os)",
        ),
    ),
    Rule(
        "technical",
        2,
        "normal",
        False,
        "The message describes something that does not work.",
        _any_of(
            r"error(?: \w+)?",
            r"bug",
            r"crash\w*",
            r"(?:doesn't|does not|isn't|not) work(?:ing)?",
            r"(?:web)?site is down",
            r"fehler(?:meldung)?",
            r"funktioniert nicht",
            r"geht nicht",
            r"abgestürzt",
            r"ne (?:marche|fonctionne) pas",
            r"erreur",
            r"no funciona",
            r"falla",
        ),
    ),
    Rule(
        "order",
        1,
        "normal",
        False,
        "The message is about an order or its delivery.",
        _any_of(
            r"orders?",
            r"ordered",
            r"deliver\w*",
            r"shipp?\w*",
            r"parcels?",
            r"packages?",
            r"tracking",
            r"returns?",
            r"send back",
            r"bestell\w*",
            r"liefer\w*",
            r"versand\w*",
            r"versend\w*",
            r"paket\w*",
            r"sendung\w*",
            r"retoure\w*",
            r"zurückschick\w*",
            r"rücksend\w*",
            r"commande\w*",
            r"livraison",
            r"colis",
            r"retour\w*",
            r"pedido\w*",
            r"envío\w*",
            r"paquete\w*",
            r"devol\w+",
        ),
    ),
)

THANKS = _any_of(
    r"thanks?(?: you| a lot)?",
    r"thx",
    r"cheers",
    r"much appreciated",
    r"danke\w*",
    r"vielen dank",
    r"merci\w*",
    r"gracias",
)
GREETING = _any_of(
    r"hi",
    r"hello",
    r"hey",
    r"good (?:morning|afternoon|evening)",
    r"hallo",
    r"moin",
    r"guten (?:morgen|tag|abend)",
    r"servus",
    r"grüß gott",
    r"bonjour",
    r"bonsoir",
    r"salut",
    r"hola",
    r"buen[oa]s (?:días|tardes|noches)",
)
FEEDBACK = _any_of(
    r"suggestion",
    r"feedback",
    r"i (?:love|like) (?:your|the|my)",
    r"feature request",
    r"well done",
    r"great job",
    r"vorschlag",
    r"verbesserung\w*",
    r"tolle?r? (?:laden|shop|service|tasche)",
    r"lob",
    r"suggestion",
    r"bravo",
    r"sugerencia",
)
FRUSTRATED = _any_of(
    r"ridiculous",
    r"unacceptable",
    r"useless",
    r"terrible",
    r"awful",
    r"worst",
    r"disgrace\w*",
    r"furious",
    r"angry",
    r"fed up",
    r"sick of",
    r"wtf",
    r"bullshit",
    r"scandal\w*",
    r"outrageous",
    r"never again",
    r"waste of time",
    r"a joke",
    r"(?:third|fourth|fifth|tenth) time",
    r"how many times",
    r"again and again",
    r"still (?:no|not|nothing|waiting)",
    r"unverschämt\w*",
    r"inakzeptabel",
    r"frechheit",
    r"katastrophe",
    r"nutzlos",
    r"schlimmste\w*",
    r"wütend",
    r"sauer",
    r"die nase voll",
    r"reicht(?:'s| es)? (?:mir|jetzt)",
    r"zum (?:dritten|vierten|wiederholten) mal",
    r"lächerlich",
    r"saftladen",
    r"inadmissible",
    r"inacceptable",
    r"scandaleux",
    r"ridicule",
    r"furieu[xs]\w*",
    r"honteux",
    r"marre",
    r"inaceptable",
    r"ridículo",
    r"vergüenza",
    r"hart[oa]",
    r"furios[oa]",
    r"pésim[oa]",
)
NEGATIVE = _any_of(
    r"disappointed",
    r"unhappy",
    r"annoy\w*",
    r"frustrat\w*",
    r"broken",
    r"damaged",
    r"wrong",
    r"missing",
    r"late",
    r"lost",
    r"enttäuscht",
    r"ärgerlich",
    r"kaputt",
    r"beschädigt",
    r"falsch\w*",
    r"fehlt",
    r"zu spät",
    r"verloren",
    r"déçue?",
    r"cassée?",
    r"perdu\w*",
    r"en retard",
    r"decepcionad[oa]",
    r"rot[oa]",
    r"perdid[oa]",
)
POSITIVE = _any_of(
    r"great",
    r"love",
    r"perfect",
    r"awesome",
    r"excellent",
    r"happy",
    r"super",
    r"toll\w*",
    r"klasse",
    r"perfekt",
    r"liebe",
    r"parfait\w*",
    r"génial\w*",
    r"perfecto",
    r"genial",
    r"encanta",
)


def triage(prompt: Prompt) -> dict[str, Any]:
    """The triage of the customer's newest message; the earlier ones count towards their mood only."""
    text = _plain(prompt.question)
    earlier = [_plain(said.text) for said in prompt.conversation if said.speaker == "customer"]
    sentiment = _sentiment(text, earlier)
    rule = next((rule for rule in RULES if rule.pattern.search(text)), None)
    if rule is None:
        rule = _small_talk_or_question(text)
    upset = sentiment == "angry"
    return {
        "category": rule.category,
        "tier": 3 if upset else rule.tier,
        "priority": "high" if upset and rule.priority in ("low", "normal") else rule.priority,
        "sentiment": sentiment,
        "language": language_of(prompt.question),
        "confidence": 0.5 if rule.category == "other" else 0.9,
        "needs_human": rule.needs_human or upset,
        "reason": "The customer is frustrated." if upset and not rule.needs_human else rule.reason,
    }


def _plain(text: str) -> str:
    return text.casefold().replace("’", "'")


def _small_talk_or_question(text: str) -> Rule:
    words = len(text.split())
    if words <= 8 and "?" not in text and THANKS.search(text):
        return Rule("thanks", 1, "low", False, "The customer says thank you.", THANKS)
    if words <= 5 and GREETING.search(text):
        return Rule("greeting", 1, "low", False, "The customer says hello.", GREETING)
    if "?" not in text and FEEDBACK.search(text):
        return Rule("feedback", 1, "low", False, "The customer shares an opinion.", FEEDBACK)
    if "?" in text or words >= 3:
        return Rule("question", 1, "normal", False, "The customer asks something.", GREETING)
    return Rule("other", 1, "normal", False, "The message is too short to sort.", GREETING)


def _sentiment(text: str, earlier: list[str]) -> str:
    if FRUSTRATED.search(text):
        return "angry"
    if NEGATIVE.search(text):
        return "angry" if any(FRUSTRATED.search(said) for said in earlier) else "negative"
    return "positive" if POSITIVE.search(text) or THANKS.search(text) else "neutral"
