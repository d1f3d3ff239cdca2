"""Which sentences set off a hard rule, and which must not; what is thanks, and what is anger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.core.rules import DEFAULT_RULES, Frustration, is_frustrated, is_thanks, match_rule, says_nothing_new

PERSON, REFUND, LEGAL, ACCOUNT, SECURITY = "person", "refund", "legal", "account", "security"

SET_OFF: dict[str, tuple[str, ...]] = {
    PERSON: (
        "I want to talk to a person",
        "Can I speak to someone, please?",
        "can i talk with a real human",
        "Please connect me with a representative",
        "Put me through to your manager!",
        "I need to speak to your manager now",
        "Get me a human",
        "Human please",
        "Is there a real person here?",
        "I’d like to chat with a live person",
        "Could somebody from your team call me?",
        "Let me talk to customer service",
        "Ich möchte mit einem Menschen sprechen",
        "Kann ich bitte mit jemandem reden?",
        "Verbinden Sie mich mit einem Mitarbeiter",
        "Ich will mit einer echten Person sprechen.",
        "Gibt es hier auch echte Menschen?",
        "Bitte einen Mitarbeiter",
        "Je voudrais parler à une personne",
        "Je veux parler à quelqu'un",
        "Je peux parler avec un conseiller ?",
        "Passez-moi un responsable",
        "Un humain s'il vous plaît",
        "Quiero hablar con una persona",
        "¿Puedo hablar con alguien?",
        "Necesito hablar con un agente",
        "Páseme con un responsable",
        "Quiero que me atienda una persona real",
    ),
    REFUND: (
        "I want my money back",
        "I want a refund for order 1042",
        "Please refund me",
        "Please refund my order",
        "I would like to get a refund",
        "I demand a full refund",
        "Give me my money back!",
        "Can I get my money back for this bag?",
        "When will I get my refund? I have been waiting for weeks",
        "You charged me twice",
        "I was charged twice for order 1042",
        "I will do a chargeback",
        "Ich will mein Geld zurück",
        "Ich möchte eine Rückerstattung für Bestellung 1042",
        "Erstatten Sie mir bitte den Betrag",
        "Geld zurück bitte!",
        "Mir wurde doppelt abgebucht",
        "Sie haben mich zweimal belastet",
        "Je veux être remboursé",
        "Je veux être remboursée tout de suite",
        "Je demande un remboursement",
        "Remboursez-moi !",
        "Rendez-moi mon argent",
        "J'ai été débité deux fois",
        "Quiero un reembolso",
        "Quiero que me devuelvan mi dinero",
        "Devuélvanme el dinero",
        "Exijo la devolución del dinero",
        "Me han cobrado dos veces",
    ),
    LEGAL: (
        "You will hear from my lawyer",
        "I will sue you",
        "I am going to take legal action",
        "See you in court",
        "My attorney advised me to write to you",
        "I will file a GDPR complaint",
        "Ich schalte meinen Anwalt ein",
        "Dann sehen wir uns vor Gericht",
        "Ich werde Sie verklagen",
        "Ich wende mich an die Verbraucherzentrale",
        "Ich behalte mir rechtliche Schritte vor",
        "Je vais porter plainte",
        "Mon avocat vous contactera",
        "Je vais saisir le tribunal",
        "Voy a hablar con mi abogado",
        "Los voy a demandar",
        "Nos vemos en los tribunales",
        "Tomaré acciones legales",
    ),
    ACCOUNT: (
        "I am locked out of my account",
        "My account has been suspended",
        "I can't log in",
        "I cannot sign in to my account any more",
        "I can’t get into my account",
        "Please change the email of my account",
        "Mein Konto ist gesperrt",
        "Mein Account wurde blockiert",
        "Ich kann mich nicht einloggen",
        "Ich komme nicht mehr in mein Konto rein",
        "Mon compte est bloqué",
        "Mon compte a été suspendu",
        "Je n'arrive pas à me connecter",
        "Je ne peux plus me connecter à mon compte",
        "Mi cuenta está bloqueada",
        "Mi cuenta ha sido suspendida",
        "No puedo iniciar sesión",
        "No puedo entrar en mi cuenta",
    ),
    SECURITY: (
        "Somebody hacked my account",
        "My account was hacked",
        "I got a phishing mail in your name",
        "There is an unauthorised charge on my card",
        "Someone else is using my account",
        "Somebody has access to my account",
        "This is fraud",
        "My card was stolen",
        "Mein Konto wurde gehackt",
        "Das ist Betrug!",
        "Jemand anderes hat mit meinem Konto bestellt",
        "Ich habe eine Phishing-Mail bekommen",
        "Meine Karte wurde gestohlen",
        "Mon compte a été piraté",
        "On m'a volé ma carte",
        "C'est une fraude",
        "Me han hackeado la cuenta",
        "Mi cuenta fue hackeada",
        "Me robaron la tarjeta",
        "Esto es un fraude",
    ),
}

MUST_NOT = (
    "What is your refund policy?",
    "What is your money back guarantee?",
    "How long does a refund take?",
    "How do refunds work?",
    "Do you refund shipping costs?",
    "I would like to know your refund policy",
    "I want to know how refunds work",
    "How can I return a bag?",
    "How long does shipping take?",
    "Is the bag big enough for a person of two metres?",
    "Can somebody tell me how long shipping takes?",
    "Does the strap fit a tall person?",
    "I want to speak of the blue bag",
    "Do you deliver to Court Street?",
    "Which courts do your bags suit, tennis or squash?",
    "Does the bag come in court green?",
    "I got the issue with the zip sorted",
    "Which tissue paper do you use?",
    "Sue asked me to order two bags",
    "How do I create an account?",
    "How do I reset my password?",
    "Where do I log in?",
    "Can I log in with Google?",
    "Can I lock the bag to my bike?",
    "Is the zip blocked by the flap?",
    "How do I change the address of my order?",
    "Is my payment secure?",
    "Do you have a security strap?",
    "Which credit cards do you take?",
    "Does a stolen bike count for the insurance?",
    "Hello!",
    "Wie sind eure Rückerstattungsbedingungen?",
    "Wie lange dauert eine Rückerstattung?",
    "Wie lange dauert die Erstattung?",
    "Wie kann ich etwas zurückgeben?",
    "Wie lange dauert der Versand?",
    "Wie erstelle ich ein Konto?",
    "Wie setze ich mein Passwort zurück?",
    "Passt die Tasche auch für große Menschen?",
    "Wo kann ich mich anmelden?",
    "Ist das ein Gericht zum Mitnehmen?",
    "Was kostet das Klagenfurt-Modell?",
    "Quelle est votre politique de remboursement ?",
    "Combien de temps prend un remboursement ?",
    "Comment créer un compte ?",
    "Quels sont les délais de livraison ?",
    "Comment réinitialiser mon mot de passe ?",
    "Le sac convient-il à une personne de grande taille ?",
    "¿Cuál es su política de reembolso?",
    "¿Cuánto tarda un reembolso?",
    "¿Cómo creo una cuenta?",
    "¿Cuánto tarda el envío?",
    "¿Cómo puedo devolver un bolso?",
    "¿Sirve para una persona alta?",
    "¿El bolso cuenta con bolsillos?",
)

THANKS = (
    "Thanks!",
    "thanks",
    "thx",
    "Thank you so much",
    "Thank you very much, Sam!",
    "Thanks Sam",
    "Perfect, thank you so much Sam",
    "ok thanks 👍",
    "Great, thanks a lot for your help!",
    "Thanks, that worked!",
    "That solved it, thank you",
    "it works now, thanks",
    "Awesome, thanks again. Have a nice day!",
    "Got it, thanks",
    "No thanks",
    "Thanks all",
    "Many thanks and best regards",
    "Danke!",
    "Vielen Dank für Ihre Hilfe",
    "Super, danke dir",
    "Danke, das hat geklappt!",
    "Alles klar, danke schön",
    "Nein danke",
    "Danke und schönen Tag noch!",
    "Merci",
    "Merci beaucoup, bonne journée",
    "Parfait, merci pour votre aide",
    "Merci, ça marche !",
    "Non merci",
    "Gracias",
    "Muchas gracias, Sam",
    "Perfecto, gracias por su ayuda",
    "Gracias, ya funciona",
    "No, gracias",
    "¡Muchas gracias!",
    "Thank you 🙏",
)

NOT_THANKS = (
    "Thanks, but it still does not work",
    "Thanks, but the bag still has not come",
    "Thank you, and how do I return it?",
    "Thanks. Can I also pay by invoice?",
    "Thanks?",
    "thanks, refund",
    "thanks for nothing",
    "Thanks for your help, I want a refund",
    "Great",
    "ok",
    "Yes",
    "Yes please",
    "👍",
    "no",
    "",
    "it works on Mondays",
    "That did not work",
    "that worked for a day, now it is broken",
    "Danke, aber es geht nicht",
    "Danke für nichts",
    "Das hat nicht geklappt, danke",
    "Ja bitte",
    "Merci de me rappeler",
    "Merci, mais ça ne marche pas",
    "Gracias, pero no funciona",
    "Gracias, ¿y el envío?",
    "I wanted to thank you but nobody answered",
)

NOTHING_NEW = (
    *THANKS,
    "ok",
    "Great!",
    "👍",
    "👍👍",
    "Perfect.",
    "Alles klar",
    "D'accord",
    "Vale",
    "Super, passt",
    "❤️",
    "ok 👍",
)

SOMETHING_NEW = tuple(words for words in NOT_THANKS if words not in ("Great", "ok", "👍"))


@pytest.mark.parametrize(("words", "category"), [(words, name) for name, each in SET_OFF.items() for words in each])
def test_a_grave_matter_sets_off_its_rule(words: str, category: str) -> None:
    rule = match_rule(words, DEFAULT_RULES)

    assert rule is not None
    assert rule.category == category


@pytest.mark.parametrize("words", MUST_NOT)
def test_a_routine_question_sets_off_no_rule(words: str) -> None:
    rule = match_rule(words, DEFAULT_RULES)

    assert rule is None


@pytest.mark.parametrize("category", SET_OFF)
@pytest.mark.parametrize(
    "make", [str.upper, str.lower, lambda w: w.replace("'", "’"), lambda w: f"Hello,\n\n{w}\n\nAlice"]
)
def test_a_rule_holds_however_it_is_typed(category: str, make: "type[str]") -> None:
    for words in SET_OFF[category]:
        rule = match_rule(make(words), DEFAULT_RULES)
        assert rule is not None, make(words)
        assert rule.category == category, make(words)


@pytest.mark.parametrize("words", THANKS)
def test_thanks_and_nothing_else(words: str) -> None:
    assert is_thanks(words)


def test_a_name_that_is_known_may_be_thanked_in_small_letters() -> None:
    assert is_thanks("thanks sam", names=["Sam Rivera"])
    assert not is_thanks("thanks sam")
    assert not is_thanks("sam", names=["Sam Rivera"])
    assert not is_thanks("thanks sam, but it is broken", names=["Sam Rivera"])


@pytest.mark.parametrize("words", NOT_THANKS)
def test_more_than_thanks(words: str) -> None:
    assert not is_thanks(words)


@pytest.mark.parametrize("words", NOTHING_NEW)
def test_what_opens_nothing(words: str) -> None:
    assert says_nothing_new(words)


@pytest.mark.parametrize("words", SOMETHING_NEW)
def test_what_goes_on_with_the_matter(words: str) -> None:
    assert not says_nothing_new(words)


@given(st.sampled_from(THANKS), st.sampled_from([words for each in SET_OFF.values() for words in each]))
def test_a_grave_matter_behind_thanks_is_not_thanks(thanks: str, matter: str) -> None:
    assert not is_thanks(f"{thanks} {matter}")
    assert match_rule(f"{thanks} {matter}", DEFAULT_RULES) is not None


@given(st.text(max_size=400))
def test_no_text_breaks_a_rule(text: str) -> None:
    match_rule(text, DEFAULT_RULES)
    is_frustrated([text], Frustration())
    if is_thanks(text):
        assert says_nothing_new(text)


ANGRY = (
    "This is ridiculous",
    "That does not help, and you are useless",
    "that doesn't help!",
    "that’s not what i asked",
    "I am still waiting!!!",
    "For the third time: where is my bag",
    "I already told you my order number",
    "Das ist eine Frechheit",
    "Das hilft mir nicht",
    "Immer noch nichts",
    "Ich habe das schon dreimal geschrieben",
    "C'est inacceptable",
    "Toujours rien",
    "Ça ne m'aide pas",
    "Es inaceptable",
    "Sigo esperando",
    "Eso no me ayuda",
)
CALM = (
    "How long does shipping take?",
    "Can you help me?",
    "Is there a joke on the bag?",
    "Which is the worst case for delivery?",
    "Das hilft mir, danke",
    "Est-ce utile pour la pluie ?",
    "¿Es útil para la lluvia?",
)


@pytest.mark.parametrize("words", ANGRY)
def test_anger_counts_once_it_is_repeated(words: str) -> None:
    assert not is_frustrated([words], Frustration())
    assert is_frustrated([words, "And how long does it take?", words], Frustration())


@pytest.mark.parametrize("words", CALM)
def test_calm_words_never_count_as_anger(words: str) -> None:
    assert not is_frustrated([words] * 5, Frustration())
