"""The hard rules in front of the model: matters that are never guessed, and customers who have had enough."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from pydantic import Field

from frontdesk.domain.policy import Pattern, Rule
from frontdesk.domain.value import Value

DEFAULT_RULES: tuple[Rule, ...] = (
    Rule(
        name="asks for a person",
        category="person",
        patterns=(
            r"\b(talk|speak|chat|connect me|put me through|transfer me|pass me on|get me) (to |with )?(a |an |some |the |your |one of your )?"
            r"(real |actual |live )?(person|human|someone|somebody|representative|staff|manager|supervisor|colleagues?|operator|customer service|support team)\b",
            r"\b(can|could|would|will) (please )?(a|an|any|some|one of your)? ?(real |actual |live )?"
            r"(person|human|people|someone|somebody|staff|colleagues?)( from (your|the) (team|staff|shop))?"
            r"( please)? (look|help|check|call|contact|answer|assist|talk|speak|take|reply|get back)\b",
            r"\b(real|actual|live) (person|human)\b",
            r"\bhuman (please|agent|support|being)\b",
            r"\b(someone|somebody|a person|a human)( from (your|the) (team|support|staff))? (call|phone|contact|write to) me\b",
            r"\b(mit|zu) (einem|einer|jemandem|nem|echten|richtigen)\s?(echten |richtigen )?"
            r"(menschen|person|mitarbeiter\w*|berater\w*|kolleg\w*)?\b.{0,20}(sprechen|reden|verbinden|schreiben)",
            r"\bverbinden sie mich\b",
            r"\b(echten?|richtigen?) (menschen|mitarbeiter\w*|person)\b",
            r"\b(bitte (einen|ne|eine) (echten? )?(menschen|mitarbeiter\w*|person)|(menschen?|mitarbeiter\w*) bitte)\b",
            r"\bparler (à|avec) (une (vraie )?personne|quelqu.un|un (conseiller|humain|responsable|agent))",
            r"\bpassez[- ]moi (un|une|votre|quelqu.un)\b",
            r"\b(une vraie personne|un (vrai )?humain,? s'il (vous|te) plaît)\b",
            r"\bhablar con (una persona|alguien|un (humano|agente|responsable|asesor))",
            r"\b(páse(n)?me|comuníque(n)?me|póngame) con\b",
            r"\bpersona (real|de verdad)\b",
        ),
    ),
    Rule(
        name="refund",
        category="refund",
        priority="high",
        patterns=(
            r"\b(want|need|demand|like|request|requesting|get|give me|expect)\b.{0,20}\b(refund(ed)?|money back)\b(?!\s+(polic|guarantee))",
            r"(?<!\bdo you )(?<!\bto )\brefund (me|my|this|it|the (order|money|amount|bag|purchase))\b",
            r"\b(charge ?back|(charged|billed|debited) (me )?(twice|two times|double)|double[- ]charged|charged (me )?(the )?wrong)\b",
            r"\b(geld zurück|rückerstattung|erstattung)\b.{0,25}\b(will|möchte|verlange|fordere|bekomme ich jetzt|bitte)\b",
            r"\b(will|möchte|verlange|fordere)\b.{0,30}\b(geld zurück|rückerstattung|erstattung)\b",
            r"\berstatten sie (mir|uns|bitte)\b",
            r"\b(doppelt|zwei ?mal|2x) (abgebucht|belastet|berechnet|bezahlt)\b",
            r"\b(veux|voudrais|exige|demande)\b.{0,25}\b(remboursement|être remboursée?|rembourser)\b",
            r"\b(remboursez|rendez)[- ](moi|nous)\b",
            r"\b(débitée?|facturée?|prélevée?) (deux|2) fois\b",
            r"\b(quiero|exijo|solicito|necesito)\b.{0,25}\b(reembolso|devolución del dinero|mi dinero)\b",
            r"\b(devuélvan?me|reembólsen?me|reintégren?me)\b",
            r"\b(cobrado|cargado|cobraron) (dos veces|el doble)\b",
        ),
    ),
    Rule(
        name="legal",
        category="legal",
        priority="high",
        patterns=(
            r"\b(lawyers?|attorneys?|solicitors?|lawsuit|legal (action|steps)|(take|see|meet) you (to|in) court|(go|going) to court|small claims|"
            r"sue (you|them)|suing|gdpr complaint)\b",
            r"\b(anwalt\w*|anwältin|rechtsanwalt\w*|klage|verklagen|(vor|ans|zum) gericht|gerichtlich\w*|rechtliche schritte|abmahnung|verbraucherzentrale)\b",
            r"\b(avocate?|poursuivre en justice|action en justice|tribunal|tribunaux|porter plainte|porte plainte)\b",
            r"\b(abogad[oa]s?|demandar(les|los|lo)?|tribunal(es)?|a juicio|acciones legales|denunciar(les|los)?)\b",
        ),
    ),
    Rule(
        name="account access",
        category="account",
        priority="high",
        patterns=(
            r"\b(locked out|account (is |was |has been |got )?(locked|blocked|suspended|disabled|deactivated))\b",
            r"\b(can.?t|cannot|can not|unable to|not able to) (log|sign) ?in\b",
            r"\b(can.?t|cannot|can not|unable to|not able to) (get into|access) my account\b",
            r"\bchange (the |my )?(e-?mail|phone number|owner)\b.{0,25}\baccount\b",
            r"\b(konto|account) (ist |wurde )?(gesperrt|blockiert|deaktiviert)\b",
            r"\b(kann mich nicht|komme nicht( mehr)?)\b.{0,20}\b(anmelden|einloggen|rein|konto)\b",
            r"\bcompte (est |a été )?(bloqué|suspendu|désactivé)\b",
            r"\b(arrive (pas|plus) à|peux (pas|plus)) (me connecter|accéder à mon compte)\b",
            r"\bcuenta (está |ha sido |fue )?(bloqueada|suspendida|desactivada)\b",
            r"\bno (puedo|consigo) (iniciar sesión|acceder a mi cuenta|entrar (en|a) mi cuenta)\b",
        ),
    ),
    Rule(
        name="security",
        category="security",
        priority="urgent",
        patterns=(
            r"\b(hacked|phishing|stolen (credit )?card|card (is |was |has been |got )?stolen|identity theft|data breach|fraud(ulent)?|"
            r"unauthori[sz]ed (charge|payment|order|access))\b",
            r"\b(someone|somebody) (else )?(is using|used|has access to|got into|logged in ?to) my (account|card)\b",
            r"\b(hacked|stole) my (account|card|password)\b",
            r"\b(gehackt|betrug|datenleck|phishing\w*|gestohlene karte|karte (wurde )?gestohlen|unbefugt\w*|nicht autorisiert\w*)\b",
            r"\bjemand (anderes|anders|fremdes)\b.{0,25}\b(konto|karte)\b",
            r"\b((été|fait|on a|ont|avez) pirat(é|ée|er)|piratage|hameçonnage|fraude|carte (a été )?volée|volé ma carte)\b",
            r"\b(hackead[oa]|fraude|estafa|suplantación|tarjeta robada|robado la tarjeta|robaron (la|mi) tarjeta)\b",
        ),
    ),
)

_FRUSTRATED: tuple[str, ...] = (
    r"\b(ridiculous|unacceptable|useless|terrible|awful|fed up|sick of|waste of (my )?time|disgusting)\b",
    r"\bworst (service|support|company|shop|experience|desk|thing|ever)\b|\b((is|what) (this )?a|a bad|bloody) joke\b",
    r"\b(still (not|no|nothing|waiting|doesn.?t|isn.?t)|for the (second|third|fourth|last) time|already (told|asked|said))\b",
    r"\b(doesn.?t|didn.?t|does not|did not|not) help(ing|ful)?\b|\bthat.?s not what i asked\b",
    r"\b(lächerlich|unverschämt|inakzeptabel|nutzlos|furchtbar|schrecklich|frechheit|zumutung|zeitverschwendung)\b",
    r"\b(immer noch (nicht|kein\w*|nichts)|zum (zweiten|dritten|letzten) mal)\b",
    r"\b(schon|bereits) (\w+mal )?(gesagt|gefragt|geschrieben)\b",
    r"\b(hilft (mir )?nicht|keine hilfe)\b",
    r"\b(inacceptable|ridicule|c'est inutile|honteux|toujours (pas|rien)|perte de temps|m'aide (pas|en rien))\b",
    r"\b(inaceptable|ridículo|inútil|vergonzoso|sigo (sin|esperando)|pérdida de tiempo|no me ayuda)\b",
    r"[!?]{3,}",
    r"\bwtf\b|\bffs\b",
)

_AGREED = (
    r"ok(ay)?|k|great|perfect|super|cool|alright|all ?right|awesome|excellent|wonderful|brilliant|fine|nice|lovely|sure|understood|"
    r"got it|all good|good|ah|oh|prima|gut|sehr gut|toll|klasse|alles klar|passt|verstanden|in ordnung|parfait|très bien|"
    r"d'accord|entendu|super|génial|vale|genial|perfecto|muy bien|entendido|de acuerdo|estupendo|listo"
)
_THANKED = (
    r"(no,? |nein,? |non,? |and |und |et |y )?("
    r"(many |so many )?thanks( you| u)?( so much| very much| a lot| a bunch| a million| again| anyway)?|"
    r"thank (you|u)( all)?( so much| very much| a lot| again| anyway)?|thx|tysm|ty|cheers|much appreciated|"
    r"(vielen |herzlichen |besten |tausend )?dank(e)?( schön| sehr| dir| ihnen| euch| vielmals| nochmals?)?|dankeschön|"
    r"(merci|mille mercis)( beaucoup| bien| infiniment| à vous| encore)?|(muchas |mil |muchísimas )?gracias( de nuevo)?|"
    r"grazie( mille)?|obrigad[oa]|ありがとう(ございます)?|谢谢|감사합니다)"
    r"( (for|für|pour|por) (your|the|all the|all your|everything|die|ihre|eure|deine|alles|votre|ton|tout|su|tu|la|todo)"
    r"( (quick |schnelle |great )?(help|support|reply|answer|hilfe|antwort|aide|réponse|ayuda|respuesta))?)?"
)
_SOLVED = (
    r"(that|this|it) (helps|helped|works|worked|was it|solved it|fixed it)( now| perfectly| fine)?|it is (solved|fixed|working) now|"
    r"(problem )?solved|(das|es|hat|jetzt|nun) ?(hat |es )?(geklappt|funktioniert( jetzt| wieder)?|geht (jetzt|wieder|nun))|hat geklappt|"
    r"(ça|cela) (marche|fonctionne)( maintenant)?|c'est (bon|réglé|résolu)|ya (funciona|está)|(problema )?(resuelto|solucionado)"
)
_FAREWELL = (
    r"(have a (nice|great|good|lovely) (day|one|weekend|evening)|you too|bye( bye)?|best regards|kind regards|regards|"
    r"(einen )?schönen (tag|abend)( noch)?|schönes wochenende|tschüss|(viele|beste|liebe|mit freundlichen) grüße[n]?|"
    r"bonne (journée|soirée)|bon week-end|au revoir|cordialement|buen día|buenas tardes|saludos|(un )?saludo|adiós|"
    r"que tenga (un )?buen día|(and|und|et|y) (have a (nice|great|good) (day|weekend)|best regards|kind regards|schönen tag( noch)?|bonne journée|saludos))"
)
_SIGNS = r"[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f\u200d]+|[:;]-?[)D]|:(\+1|thumbsup|pray|heart|tada|slightly_smiling_face)(::skin-tone-[2-6])?:"
_NAME = r"team|all|everyone|everybody|guys|alle|zusammen|tous|todos|[A-ZÀ-Þ][a-zß-ÿ]+"
_PART = re.compile(
    rf"(?i:(?P<thanked>(?:{_THANKED})(?=\W|$)(?:,? (?-i:{_NAME})(?=\W*$|[!.]))?|(?:{_SOLVED}))|{_AGREED}|{_FAREWELL})(?=\W|$)|{_SIGNS}"
)
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = re.compile(r"[\s,.!;¡…–-]*")


_LONGEST_THANKS = 160
_LONGEST_TEXT = 8_000
"""Characters that rules are matched against, so that nobody can keep the desk busy with one message."""
_LOOKED_BACK = 30
"""Messages of the customer that are looked at for frustration."""


_REFERS_BACK = re.compile(
    r"^\W*(and|but|or|so|then|what about|how about|und|aber|oder|dann|wie (ist|sieht) es mit|et|mais|ou|alors|y|pero|o|entonces)\b"
    r"|\b(it|that|this|those|these|them|they|there|das|dies\w*|es|dort|dahin|dafür|damit|ça|cela|celui|eso|esto|ello)\b",
    re.IGNORECASE,
)
_LONGEST_REFERENCE = 14
"""Words; who writes more says what it is about."""


class Frustration(Value):
    """When a customer has had enough, judged over the whole matter and not only the last line."""

    messages: int = Field(default=2, ge=1)
    """How many of the customer's messages must show it."""
    patterns: tuple[Pattern, ...] = _FRUSTRATED
    """Regular expressions that show it."""


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_unaccented(pattern), re.IGNORECASE)


def _found(patterns: Iterable[str], plain: str) -> bool:
    return any(_compiled(pattern).search(plain) for pattern in patterns)


def _plain(text: str) -> str:
    """One line without accents; of a text that no person typed, its beginning and its end."""
    if len(text) > _LONGEST_TEXT:
        text = f"{text[: _LONGEST_TEXT // 2]}\n{text[-_LONGEST_TEXT // 2 :]}"
    return " ".join(_unaccented(text).split())


def _unaccented(text: str) -> str:
    """Accents are often left out, and typed in more than one way."""
    letters = (c for c in unicodedata.normalize("NFD", text.replace("ß", "ss")) if unicodedata.category(c) != "Mn")
    return "".join(letters).replace("’", "'")


def match_rule(text: str, rules: Sequence[Rule]) -> Rule | None:
    """The first rule that `text` sets off."""
    plain = _plain(text)
    return next((rule for rule in rules if _found(rule.patterns, plain)), None)


def is_frustrated(messages: Sequence[str], frustration: Frustration) -> bool:
    """Whether enough of the customer's messages show that they have had enough."""
    return sum(_found(frustration.patterns, _plain(text)) for text in messages[-_LOOKED_BACK:]) >= frustration.messages


def is_thanks(text: str, names: Collection[str] = ()) -> bool:
    """Thanks and nothing else, perhaps to somebody of these names."""
    return any(part["thanked"] for part in _parts(text, names))


def says_nothing_new(text: str, names: Collection[str] = ()) -> bool:
    """Thanks, agreement, a farewell or a thumb: nothing that would have to be dealt with."""
    return bool(_parts(text, names))


def _parts(text: str, names: Collection[str]) -> list[re.Match[str]]:
    """The formulas that a text is made of, names left out; none when there is anything else in it."""
    plain = text.strip().replace("’", "'")
    known = {word.casefold() for name in names for word in name.split()}
    at, parts = _behind_spaces(plain, 0), []
    while at < len(plain) <= _LONGEST_THANKS:
        part, word = _PART.match(plain, at), _WORD.match(plain, at)
        if part is not None:
            parts.append(part)
            at = part.end()
        elif word is not None and word[0].casefold() in known:
            at = word.end()
        else:
            return []
        at = _behind_spaces(plain, at)
    return parts


def _behind_spaces(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def refers_back(text: str) -> bool:
    """Whether a question leans on what was said before: `and how much does it cost?`."""
    return len(text.split()) <= _LONGEST_REFERENCE and _REFERS_BACK.search(text) is not None
