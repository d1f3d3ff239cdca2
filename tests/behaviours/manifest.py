"""What the desk promises: every behaviour has an id, one sentence, a reason, and tests that show it on its platforms.

`id | sentence | why`, and where the platforms differ `| both, slack or discord | how and why`.
`test_manifest.py` holds this list and the tests together, both ways; `docs/parity.md` is made of it.
"""

from dataclasses import dataclass

PLATFORMS = ("slack", "discord")


@dataclass(frozen=True)
class Behaviour:
    id: str
    """`room.what`."""
    sentence: str
    why: str
    platforms: tuple[str, ...]
    """Where it holds."""
    differs: str = ""
    """How and why platforms differ, where they do; a behaviour of one platform says what the other has instead."""


_ROWS = """
# intake: what the desk takes up ---------------------------------------------------------------------------------------
intake.served_channel | A question in a served channel is answered in its thread without a mention. | Customers do not know whom to mention.
intake.unserved_channel | In a channel that is not served nothing is said unasked. | A desk that talks everywhere is removed.
intake.mention | A mention is answered in any channel the desk is in. | Asking by name must always work.
intake.mention_once | A mention and its message event count as one question. | The platform tells us twice; customers must not notice. | both | Slack tells of a mention twice. Discord tells once, so there it shows that no second question is made of it.
intake.redelivered_once | A redelivered event is answered once. | Platforms repeat what they think we missed. | both | Slack repeats what was not acknowledged within three seconds, tested apart. Discord repeats after RESUME.
intake.follow_up | A follow-up in the thread needs no new mention. | People do not repeat a name in a conversation. | both | On Discord the thread is one that the desk has opened on the question.
intake.direct_message | A direct message is answered. | Some matters are private. | both | A direct message on Slack has threads. On Discord it is one conversation.
intake.messages_tab | Opening the messages tab offers suggested questions. | A blank page helps nobody. | slack | Discord has no messages tab: `/ask` offers the same questions while it is typed (`intake.ask_command`).
intake.burst_is_one_turn | Several messages in a row get one answer. | People write in pieces. | both | Before the desk has opened its thread, a customer on Discord goes on in the channel itself, so that nothing can overtake the message it follows: that is tested on Slack.
intake.loose_burst_gathers | Loose messages of one person within seconds are one conversation. | Otherwise each piece gets its own thread.
intake.own_echo_ignored | The desk never answers itself. | Loops.
intake.other_apps_ignored | Messages of other apps are ignored. | Loops between machines.
intake.slack_connect | A customer of another organisation is answered. | Shared channels are where business customers are. | slack | Channels shared with another organisation are Slack's. On Discord a customer is a member of the server, wherever they come from.
intake.people_talking | While people in the thread talk to each other the assistant stays silent. | Interrupting people is rude.
intake.addressed_again | Among talking people the assistant answers when it is addressed. | Silence must end when it is asked for.
intake.to_somebody_else | A message that addresses another person is not answered. | It was not meant for the desk.
intake.files_named | A file that comes with a question is part of it. | A silently dropped file is a lost message.
intake.edit_before_answer | An edit before the answer changes what is answered. | The customer corrected the question.
intake.edit_after_answer | An edit after the answer is answered anew, and the assistant says so. | The old answer may be wrong now.
intake.trivial_edit | An edit that changes no word is only recorded. | Nobody wants a second answer for a comma.
intake.delete_before_answer | A question deleted before the answer is not answered. | It was taken back.
intake.delete_after_answer | When the question behind an answer is deleted, the assistant says that the answer no longer counts. | What stands there would mislead.
intake.deleted_words_forgotten | Deleted words are never told to the model again. | They were taken back.
intake.malformed_set_aside | An event that makes no sense is set aside with a reason, and the next one is answered. | One bad payload must not stop the desk. | both | On Discord frames of the gateway that make no sense are tested besides.
intake.durable_before_ack | No event is acknowledged that was not stored. | What was acknowledged and lost is lost for ever. | both | Slack waits for an acknowledgement. Discord counts what was handled, so that a killed desk is told again by RESUME, tested apart.
intake.http_mode | Over signed HTTP requests everything works as over sockets. | Some teams cannot use Socket Mode. | both | On Slack everything comes by request. On Discord only commands, buttons and forms do: messages always need the gateway. Slack repeats a request that failed, Discord does not.
intake.forged_request | A request with a wrong signature is refused. | Anybody can post to a public address. | both | Without a signing secret Slack's address does not exist. Discord's key is read from the app itself, so that its address always does.
intake.socket_refresh | A refreshed or cut connection loses no question. | Sockets are replaced every few hours. | both | Slack has two connections and replaces one after the other. Discord has one and RESUMEs it.
intake.forum_post | A forum post is a conversation: the desk answers in it, without a mention. | Forums are where communities ask. | discord | Slack has no forums.
intake.forum_starter_late | A forum post is answered whichever comes first, the post or its first message. | Discord promises no order. | discord | Slack has no forums.
intake.private_thread | Where configuration says so, a question opens a private thread with the customer. | Some channels are read by competitors. | discord | Threads on Slack are as private as their channel.
intake.others_thread | In a thread that people opened on a question the desk answers there and opens no second one. | One question, one thread. | discord | On Slack a thread is opened by whoever answers first.
intake.ask_command | The ask command shows the question, answers it below, and offers suggested questions while it is typed. | It works where the desk may not read messages. | discord | Slack needs no such command: the desk reads where it is invited, and its messages tab offers the questions (`intake.messages_tab`).
intake.ask_menu | The menu of a message takes it up as a question, whoever wrote it. | A question can be pointed at. | discord | Slack's mention in a thread does the same.
intake.no_content_mention | Without the Message Content intent a mention is answered. | The intent is granted after a review, and not to everybody. | discord | Slack has no such intent.
intake.no_content_direct | Without the Message Content intent a direct message is answered. | The intent is granted after a review, and not to everybody. | discord | Slack has no such intent.
intake.no_content_reply | Without the Message Content intent a reply to a message of the desk is answered. | The intent is granted after a review, and not to everybody. | discord | Slack has no such intent.
intake.no_content_commands | Without the Message Content intent the ask command and the menu of a message work. | The intent is granted after a review, and not to everybody. | discord | Slack has no such intent.
intake.no_content_silence | Without the Message Content intent a customer whose words are hidden gets no guess, and is told how to be read. | Nothing can be said about an empty message. | discord | Slack has no such intent.
# answers ----------------------------------------------------------------------------------------------------------------
answer.cited | An answer cites the articles it rests on, with links the customer can open. | Trust needs sources.
answer.streams | The answer becomes visible while it is written. | Waiting for the end feels broken. | both | Slack streams natively, or by edits when that is switched off, tested apart. Discord always by edits.
answer.status | While the assistant thinks, the customer sees that it does. | Silence looks like a crash. | both | Slack shows and removes a status, also after the stop button. Discord shows that the desk is typing, and forgets it after ten seconds.
answer.language | The answer is in the customer's language. | Nobody should need English.
answer.greeting | A greeting gets a greeting and an offer, not a search result. | Manners.
answer.unsure | Without an article the assistant says that it is not sure and offers a person. | Guessing costs more than admitting.
answer.no_citation_no_answer | What the model says without a source is never shown. | The model invents; the gate is outside it.
answer.model_gives_up | When the model finds no answer in the passages, a person is offered. | Better than a near miss.
answer.asks_back | The assistant may ask one short question back. | Some answers depend on one detail.
answer.second_turn | A short follow-up is understood from what came before. | "And abroad?" is a question.
answer.staff_articles_hidden | Articles for staff never reach a customer. | Internal rules are internal.
answer.removed_article | A removed article is never cited again. | It was removed for a reason.
answer.new_article_at_once | A new article is used by the running desk at once. | Nobody restarts for a typo.
answer.long_answer_whole | An answer longer than a message is split and nothing of it is lost. | Cut answers are wrong answers. | both | A message holds 12,000 characters on Slack and 2,000 on Discord.
answer.code_survives | Code, lists and tables are whole in every message of an answer that is split. | Half a code block is no code. | discord | Slack's messages hold six times as much, and its own blocks are never split within code.
answer.rated | Thumbs up and down on an answer are recorded. | That is how the articles get better.
answer.rating_comment | After a thumbs down the customer can say what was missing. | A thumb alone explains nothing. | both | Slack tells of a form that was closed. Discord does not: a thumb counts when it is pressed, and its comment comes after it.
answer.stop_button | The stop button ends the answer within half a second. | Stop means stop. | slack | Slack has a stop button of its own. On Discord who deletes or edits the question stops the answer (`intake.delete_before_answer`).
answer.newer_words_first | Words that arrive before the answer is visible are answered together with it. | The old question is out of date.
answer.never_interleaves | Words that arrive while the answer is visible get an answer of their own after it. | Two answers mixed are none.
answer.thanks | Thanks gets no answer. | Nothing was asked.
# safety -----------------------------------------------------------------------------------------------------------------
safety.no_live_mentions | Nothing the model writes pings anybody. | A prompt must not wake a thousand people. | both | What pings is spelled differently; Discord is also told with every message that nothing may.
safety.no_foreign_links | Nothing the model writes links to a host that is not ours. | Phishing and leaks.
safety.injected_article | An article that tells the model to link elsewhere cannot. | Articles are data.
safety.no_unknown_citations | A citation of a passage that was not given is removed. | An invented source is worse than none.
safety.customer_cannot_fake_tags | A customer's text cannot pretend to be a passage. | Injection.
safety.relay_neutralised | A customer's words cannot ping staff, nor staff's words a crowd. | The relay must not be a megaphone. | both | What pings is spelled differently.
safety.no_previews | A link that is a citation is not unfurled into a preview. | Four previews bury an answer. | discord | Slack unfurls nothing that an app posts unless it is asked to.
# model faults -----------------------------------------------------------------------------------------------------------
model.down | When the model is down the customer gets a person. | The provider's outage is not ours.
model.html | A model that answers HTML leads to a person, never to raw text. | Proxies do that.
model.cut | A stream that is cut is taken up again without showing anything twice. | Networks break.
model.stalls | A model that says nothing is given up on in time. | No eternal "thinking".
model.triage_repaired | Invalid triage is repaired once. | Small models slip.
model.triage_hopeless | Triage that stays invalid goes to a person. | What cannot be judged is not guessed.
model.filtered | A refused completion goes to a person. | The customer still has a question.
# handoff ----------------------------------------------------------------------------------------------------------------
handoff.asked_for | Who asks for a person gets one. | The first rule of support.
handoff.button | The button below "not sure" opens a ticket. | One tap, no typing.
handoff.hard_rules | Refunds, legal, account and security matters go to a person without asking the model. | These are never guessed.
handoff.hard_rules_languages | The hard rules hold in German, French and Spanish. | So do the risks.
handoff.frustration | A customer who is frustrated over several messages gets a person. | They told us, just not in those words.
handoff.told_after_ticket | The customer is told only after the ticket exists. | No promise without a ticket.
handoff.card | The card says who, what they want, why, what was tried, and where. | Five seconds to know.
handoff.words_in_thread | The customer's words appear in the card's thread, now and later. | Context without clicking. | both | As for `handoff.staff_reply`: by webhook on Discord.
handoff.staff_reply | A staff reply in the thread reaches the customer under the staff member's name. | People answer people. | both | Slack lets the desk choose a name for each message. Discord needs a webhook of the channel for that.
handoff.reply_taken_back | A reply that staff delete is taken back from the customer, and that something stood there stays to be seen. | Staff make mistakes, and do not hide them.
handoff.notes_stay | Lines marked as notes never reach the customer. | Staff must be able to think aloud.
handoff.assistant_silent | The assistant is silent while staff hold the conversation. | One voice.
handoff.claim | Claim shows everybody who has the ticket. | No two answers.
handoff.claim_once | Of two who claim at once one wins, and the other is told. | Races happen.
handoff.only_staff | Who is not in the staff channel cannot act on a ticket. | A forwarded card is no key.
handoff.hand_back | After a hand back the assistant answers again. | Not everything needs a person.
handoff.resolve | Resolve tells the customer, closes the card and offers closing words. | Everybody knows where it stands.
handoff.thanks_keeps_closed | "Thanks" after resolve does not reopen. | Nothing is open.
handoff.reopen | A new message after resolve reopens the same ticket. | The matter goes on.
handoff.edit_shown | While staff hold it, edits and deletions of the customer are shown to staff. | Staff answer what is there.
handoff.files_cross | Files cross in both directions. | Screenshots are half of support.
handoff.undeliverable | Staff are told when the customer cannot be reached. | Otherwise they wait for ever.
handoff.staff_channel_gone | When the staff channel takes no tickets the customer is told the truth. | No false promise.
handoff.reminder | Staff are reminded of a customer who waits, in the channel itself. | "A person will answer you" is a promise.
handoff.card_moves | When the card can no longer be reached the ticket is put up again in today's staff channel. | Channels are archived; customers are not.
handoff.queue | Staff see the open tickets with a command; others do not. | The private list is private. | both | On Discord a command without a word cannot be given.
handoff.unknown_command | An unknown command is answered with what there is. | Typos. | slack | On Discord a command is chosen from a list and cannot be mistyped; what the desk does not know is `operation.unknown_interaction`.
handoff.forum_queue | A private forum can be the queue: one post for each ticket, with tags for status, priority and owner, never renamed. | A forum sorts and filters by itself. | discord | Slack has no forums.
handoff.forum_resolved | Resolve puts the solved tag on the customer's forum post and archives it. | Others see that the question was answered. | discord | Slack has no forums.
handoff.names_without_webhooks | Where the desk may not use webhooks a person's words stand under their name all the same. | A permission must not hide who speaks. | discord | On Slack the name needs no permission that could be missing.
handoff.archived_thread | Staff's words reach a customer whose thread was archived meanwhile. | Threads archive themselves. | discord | Threads on Slack are never archived.
handoff.blocked_dm | When a customer takes no direct messages any more staff are told. | Otherwise they wait for ever. | discord | On Slack nobody can block an app's direct messages.
handoff.hidden_words | Without the Message Content intent staff whose words are hidden are told so, and a reply to a message of the desk reaches the customer. | Nobody should think that they have answered. | discord | Slack has no such intent.
handoff.expired_links | A file crosses though its link has expired meanwhile. | Links to files live for a day. | discord | Links to files on Slack do not expire.
handoff.channel_deleted | When the customer's channel is deleted staff are told. | Otherwise they wait for ever. | discord | A channel on Slack is archived (`handoff.undeliverable`); what is deleted there is gone for everybody.
handoff.customer_left | When a customer leaves the server staff are told. | Otherwise they wait for ever. | discord | On Slack the thread stays, and whoever comes back reads it.
# across: customers on one platform, staff on the other; the platform named is the customers' ----------------------------
across.card | A customer on one platform gets a card in the staff channel on the other, with a link that leads back. | A team should not have to be where its customers are.
across.claim | Staff claim it there, and who comes later is told. | No two answers.
across.words | Words cross in both directions under the names of who said them, and notes do not. | People answer people.
across.files | Files cross in both directions with their bytes. | Screenshots are half of support.
across.edits | What either side changes or deletes is changed, shown or taken back on the other. | Both must talk about the same words.
across.formatting | Code, lists, links and emphasis keep their meaning on the other platform. | Half of support is code and steps.
across.mentions | Mentions arrive as names, and nothing that crosses pings anybody. | An id of another platform tells nobody anything.
across.hand_back | After a hand back the assistant answers again. | Not everything needs a person.
across.resolve | Resolve tells the customer, and a new message reopens the ticket. | Everybody knows where it stands.
across.queue | The command of the queue shows tickets of both platforms. | One desk, one queue.
across.forum_queue | Customers on Slack can be helped from a private forum on Discord: one post for each ticket. | A forum sorts and filters by itself. | slack | Slack has no forums to help Discord's customers from.
across.undeliverable | Staff are told when a customer on the other platform cannot be reached. | Otherwise they wait for ever.
across.restart | A ticket across both platforms goes on after a restart. | Deploys happen.
across.valid | Every request to either platform is one that its specification allows. | Sandboxes lie, specs less.
# operation --------------------------------------------------------------------------------------------------------------
operation.restart | A conversation goes on after a restart of the desk. | Deploys happen.
operation.restart_mid_answer | A crash in the middle of an answer ends in exactly one answer. | Nothing lost, nothing doubled.
operation.drain | A stopping desk finishes the answer it is writing. | Ctrl-C is no reason to hang up.
operation.trace | Every turn leaves a trace that says why. | Everything can be explained.
operation.health | Health, readiness and metrics say how the desk is. | Operators need to know.
operation.no_words_in_logs | No message text and no token stands in the logs. | Logs travel.
operation.rate_limited | A rate limit delays an answer and loses nothing. | Platforms have limits.
operation.post_fails_once | A post that fails with a server error stands there once. | Nothing doubled.
operation.requests_are_valid | Every request to the platform is one that its specification allows. | Sandboxes lie, specs less.
operation.buttons_survive | A button below a message works after a restart of the desk. | Deploys happen.
operation.unknown_interaction | A button that the desk does not know is answered. | "This interaction failed" tells nobody anything. | discord | On Slack a press needs no answer.
operation.late_command | A command whose time has run out still does its work, and says so in the channel. | Three seconds are short. | discord | On Slack a late answer still reaches the person.
operation.resume | A restarted desk resumes its session and identifies no second time. | Discord grants a thousand identifications a day. | discord | Slack's connections have no budget.
operation.revoked_token | When the token is revoked readiness says so in one line that names the setting. | A desk that cannot hear must not look healthy. | discord | On Slack the connections end, and readiness says that Slack is missing (`operation.health`); it names no setting.
operation.lost_session | What is asked while a session is lost is read from the channels. | Discord replays nothing then. | discord | Slack repeats what was not acknowledged.
operation.pace | Three answers at once in one channel cause no rate limit and end within five seconds. | Limits punish everybody. | discord | Slack's limits leave room for that.
"""


def _parse(rows: str) -> tuple[Behaviour, ...]:
    lines = [line for line in rows.splitlines() if line.strip() and not line.startswith("#")]
    return tuple(_row(*(part.strip() for part in line.split("|"))) for line in lines)


def _row(name: str, sentence: str, why: str, where: str = "both", differs: str = "") -> Behaviour:
    return Behaviour(name, sentence, why, PLATFORMS if where == "both" else (where,), differs)


MANIFEST: tuple[Behaviour, ...] = _parse(_ROWS)
