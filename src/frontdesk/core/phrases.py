"""The desk's fixed sentences, in the languages it has them in."""

from collections.abc import Mapping

from frontdesk.domain.value import Value


class Phrases(Value):
    """What the desk itself says to customers. `{number}`, `{name}` and `{team}` are filled in."""

    greeting: str
    """Said to somebody who only says hello."""
    unsure: str
    """No article answers this: say so and offer a person."""
    handed_off: str
    """The ticket exists."""
    already_with_staff: str
    """The customer asks for a person who is there already."""
    reopened: str
    """The customer wrote again after staff had resolved."""
    no_person: str
    """A person was needed and nobody could be reached."""
    too_many: str
    """The customer has used up what the assistant answers within an hour; staff were told before."""
    handed_back: str
    """Staff gave the conversation back to the assistant."""
    resolved: str
    """Staff closed the ticket."""
    stopped: str
    """Appended to a reply that was stopped."""
    updated: str
    """Before an answer to an edited question."""
    question_deleted: str
    """The question behind an answer is gone."""
    rated: str
    """Thanks for a thumb."""
    not_yours: str
    """Somebody else's button."""
    unreadable: str
    """The platform shows the desk that the customer wrote, and keeps the words."""
    talk_to_person: str
    """Label of the button."""


PHRASES: Mapping[str, Phrases] = {
    "en": Phrases(
        greeting="Hello! Ask me anything about {team}, or say that you would like to talk to a person.",
        unsure="I could not find this in our help articles, and I do not want to guess. Shall I get a person to help?",
        handed_off="I have passed this on to our team as ticket #{number}. A person will answer you right here.",
        already_with_staff="Our team already has this as ticket #{number}. A person will answer you right here.",
        reopened="I have let our team know: ticket #{number} is open again. A person will answer you right here.",
        no_person="I cannot answer this myself, and I could not reach our team just now. Please try again a little later.",
        too_many="You have written to me very often within the last hour, so I cannot answer this now. "
        "Please try again a little later.",
        handed_back="{name} has handed our conversation back to me. What else can I do for you?",
        resolved="{name} has marked this as resolved. If something is still open, simply write here again.",
        stopped="_Stopped at your request._",
        updated="You changed your message, so here is my answer to the new one:",
        question_deleted="You deleted the message that my answer above was about, so please disregard that answer.",
        rated="Thank you, that helps us to get better.",
        not_yours="Only the person who asked can use this button.",
        unreadable="I can see that you wrote, but not what: please mention me in your message, or reply to one of mine.",
        talk_to_person="Talk to a person",
    ),
    "de": Phrases(
        greeting="Hallo! Fragen Sie mich alles über {team}, oder sagen Sie, dass Sie mit einem Menschen sprechen möchten.",
        unsure="Dazu habe ich in unseren Hilfeartikeln nichts gefunden, und raten möchte ich nicht. "
        "Soll ich einen Menschen aus dem Team holen?",
        handed_off="Ich habe das als Ticket #{number} an unser Team weitergegeben. Ein Mensch antwortet Ihnen genau hier.",
        already_with_staff="Unser Team hat das bereits als Ticket #{number}. Ein Mensch antwortet Ihnen genau hier.",
        reopened="Unser Team weiß Bescheid: Ticket #{number} ist wieder offen. Ein Mensch antwortet Ihnen genau hier.",
        no_person="Das kann ich nicht selbst beantworten, und unser Team war gerade nicht zu erreichen. "
        "Bitte versuchen Sie es etwas später noch einmal.",
        too_many="Sie haben mir in der letzten Stunde sehr oft geschrieben, deshalb kann ich das jetzt nicht beantworten. "
        "Bitte versuchen Sie es etwas später noch einmal.",
        handed_back="{name} hat unser Gespräch an mich zurückgegeben. Was kann ich noch für Sie tun?",
        resolved="{name} hat das als gelöst markiert. Wenn noch etwas offen ist, schreiben Sie einfach wieder hier.",
        stopped="_Auf Ihren Wunsch abgebrochen._",
        updated="Sie haben Ihre Nachricht geändert; hier ist meine Antwort auf die neue:",
        question_deleted="Sie haben die Nachricht gelöscht, auf die sich meine Antwort oben bezog; bitte beachten Sie "
        "diese Antwort nicht mehr.",
        rated="Danke, das hilft uns, besser zu werden.",
        not_yours="Diesen Knopf kann nur benutzen, wer gefragt hat.",
        unreadable="Ich sehe, dass Sie geschrieben haben, aber nicht was: Bitte erwähnen Sie mich in Ihrer Nachricht, oder antworten Sie auf eine von meinen.",
        talk_to_person="Mit einem Menschen sprechen",
    ),
    "fr": Phrases(
        greeting="Bonjour ! Posez-moi vos questions sur {team}, ou dites que vous voulez parler à une personne.",
        unsure="Je n'ai rien trouvé à ce sujet dans nos articles d'aide, et je ne veux pas deviner. "
        "Dois-je demander à une personne de vous aider ?",
        handed_off="J'ai transmis votre demande à notre équipe (ticket n° {number}). Une personne vous répondra ici même.",
        already_with_staff="Notre équipe a déjà votre demande (ticket n° {number}). Une personne vous répondra ici même.",
        reopened="Notre équipe est prévenue : le ticket n° {number} est rouvert. Une personne vous répondra ici même.",
        no_person="Je ne peux pas répondre moi-même, et notre équipe n'est pas joignable pour l'instant. "
        "Merci de réessayer un peu plus tard.",
        too_many="Vous m'avez écrit très souvent pendant la dernière heure ; je ne peux donc pas répondre à cela maintenant. "
        "Merci de réessayer un peu plus tard.",
        handed_back="{name} m'a rendu notre conversation. Que puis-je faire d'autre pour vous ?",
        resolved="{name} a marqué ceci comme résolu. S'il reste une question, écrivez simplement ici.",
        stopped="_Arrêté à votre demande._",
        updated="Vous avez modifié votre message, voici ma réponse au nouveau :",
        question_deleted="Vous avez supprimé le message auquel ma réponse ci-dessus se rapportait ; merci de ne plus en "
        "tenir compte.",
        rated="Merci, cela nous aide à progresser.",
        not_yours="Seule la personne qui a posé la question peut utiliser ce bouton.",
        unreadable="Je vois que vous avez écrit, mais pas quoi : mentionnez-moi dans votre message, ou répondez à l'un des miens.",
        talk_to_person="Parler à une personne",
    ),
    "es": Phrases(
        greeting="¡Hola! Pregúnteme lo que quiera sobre {team}, o diga que prefiere hablar con una persona.",
        unsure="No he encontrado esto en nuestros artículos de ayuda y no quiero adivinar. "
        "¿Quiere que avise a una persona?",
        handed_off="He pasado su consulta a nuestro equipo (ticket n.º {number}). Una persona le responderá aquí mismo.",
        already_with_staff="Nuestro equipo ya tiene su consulta (ticket n.º {number}). Una persona le responderá aquí mismo.",
        reopened="Nuestro equipo está avisado: el ticket n.º {number} está abierto de nuevo. Una persona le responderá aquí mismo.",
        no_person="No puedo responder a esto, y ahora mismo no he podido contactar con nuestro equipo. "
        "Por favor, inténtelo un poco más tarde.",
        too_many="Me ha escrito muchas veces en la última hora, así que ahora no puedo responder a esto. "
        "Por favor, inténtelo un poco más tarde.",
        handed_back="{name} me ha devuelto nuestra conversación. ¿Qué más puedo hacer por usted?",
        resolved="{name} lo ha marcado como resuelto. Si queda algo pendiente, escriba de nuevo aquí.",
        stopped="_Detenido a petición suya._",
        updated="Ha cambiado su mensaje; esta es mi respuesta al nuevo:",
        question_deleted="Ha borrado el mensaje al que se refería mi respuesta anterior; por favor, no la tenga en cuenta.",
        rated="Gracias, eso nos ayuda a mejorar.",
        not_yours="Solo la persona que preguntó puede usar este botón.",
        unreadable="Veo que ha escrito, pero no qué: mencióneme en su mensaje o responda a uno de los míos.",
        talk_to_person="Hablar con una persona",
    ),
}


def phrases_for(language: str, own: Mapping[str, Phrases], default: str = "en") -> Phrases:
    """The wording for a language: the team's own first, then ours, then the default language's."""
    code = language[:2].lower()
    return own.get(code) or PHRASES.get(code) or own.get(default) or PHRASES.get(default) or PHRASES["en"]
