// A person's view of one place on Discord: a channel with its threads, a forum with its posts, or direct messages.

import { isThread, sortKey } from "./discord.js";
import { commandIn, offered, parse, runnable } from "./discord-commands.js";
import { drawComponents, drawEmbeds } from "./discord-components.js";
import { fromWire, markdown, toWire } from "./discord-text.js";
import { el, icon, post } from "./dom.js";
import {
  avatar, clock, composer, displayName, editInPlace, fill, insertSorted, isoTime, MessageList, pick, replaceKeepingFocus, size,
} from "./pieces.js";

const THREAD_CREATED = 18;
const THREAD_STARTER = 21;
const NOTICES = { 4: "changed the name to", 6: "pinned a message.", [THREAD_CREATED]: "started a thread:" };
const TITLE_LENGTH = 100;
const CHIPS_AT_MOST = 8;

export class DiscordPane {
  constructor(node, app, { key, tab = key, title, suggestions, head = null }) {
    this.app = app;
    this.key = key;
    this.tab = tab;
    this.staff = tab === "staff";
    this.suggestions = suggestions;
    this.items = new Map();
    this.user = null;
    this.place = null;
    this.answering = null;
    this.personPick = el("select", { id: `${key}-person`, on: { change: () => this.choosePerson(this.personPick.value) } });
    this.placePick = el("select", { id: `${key}-place`, on: { change: () => this.choosePlace(this.placePick.value) } });
    this.scroll = new MessageList(key, title);
    this.list = this.scroll.node;
    this.typing = typingLine();
    this.chips = el("div", { class: "chips", role: "group", "aria-label": "Suggestions" });
    this.title = el("input", { class: "post-title", type: "text", maxlength: TITLE_LENGTH, placeholder: "Title of the post", "aria-label": "Title of the post", hidden: true });
    this.reference = el("p", { class: "answering", hidden: true });
    this.composer = composer({
      label: `${title}: new message`,
      placeholder: "Message",
      send: (text, files) => this.send(text, files),
      problem: (text) => app.tell(text),
    });
    this.composer.input.addEventListener("input", () => this.suggest());
    node.append(
      el(
        "div",
        { class: "pane-head" },
        el("h2", {}, title, head),
        el("div", { class: "picks" }, pick("You are", this.personPick), pick("in", this.placePick)),
      ),
      this.list,
      el("div", { class: "pane-foot" }, this.typing, this.chips, this.reference, this.title, this.composer.node),
    );
  }

  // --- choosing -----------------------------------------------------------------------------------

  refresh() {
    const people = this.app.peopleOf(this.staff);
    const wanted = this.user ?? sessionStorage.getItem(`${this.key}-person`);
    fill(this.personPick, people.map((each) => [each.id, displayName(each)]));
    const chosen = people.find((each) => each.id === wanted) ?? people[0];
    if (chosen) this.setPerson(chosen.id);
  }

  choosePerson(id) {
    sessionStorage.setItem(`${this.key}-person`, id);
    this.setPerson(id);
  }

  setPerson(id) {
    this.user = id;
    this.personPick.value = id;
    const { channels, dm } = this.app.placesOf(id);
    const options = channels.map((each) => [each.id, `# ${each.name}${each.type === "forum" ? " (forum)" : ""}`]);
    options.push([dm?.id ?? "dm", `@ ${this.app.assistantName()} (direct)`]);
    fill(this.placePick, options);
    const wanted = this.place === "dm" && dm ? dm.id : (this.place ?? sessionStorage.getItem(`${this.key}-place`));
    const fits = options.some(([value]) => value === wanted);
    const wasDm = wanted === "dm" || this.app.channel(wanted)?.type === "dm";
    this.setPlace(fits ? wanted : wasDm ? (dm?.id ?? "dm") : (this.app.firstPlace(this.staff, channels) ?? options[0][0]));
  }

  choosePlace(id) {
    sessionStorage.setItem(`${this.key}-place`, id);
    this.setPlace(id);
  }

  setPlace(id) {
    const same = this.place === id && this.shownFor === this.user;
    this.place = id;
    this.shownFor = this.user;
    this.placePick.value = id;
    this.title.hidden = !this.forum;
    this.composer.input.placeholder = this.forum ? "The post's first message" : `Message ${this.placePick.selectedOptions[0]?.textContent ?? ""}`;
    if (!same) {
      this.answer(null);
      this.redraw();
    }
    this.suggest();
  }

  goTo(place, id) {
    if (this.place !== place) this.choosePlace(place);
    const found = this.articleOf(id) ?? this.items.get(id)?.node.querySelector(".message");
    if (!found) return;
    this.scroll.stuck = false;
    this.scroll.bringUp(found);
    found.focus({ preventScroll: true });
  }

  get forum() {
    return this.app.channel(this.place)?.type === "forum";
  }

  // --- drawing ------------------------------------------------------------------------------------

  redraw() {
    this.items.clear();
    this.list.replaceChildren();
    for (const message of this.app.messagesIn(this.place)) this.put(message);
    for (const thread of this.app.threadsOf(this.place)) {
      this.takeThread(thread);
      for (const message of this.app.messagesIn(thread.id)) this.put(message);
    }
    for (const note of this.app.ephemerals()) if (note.for === this.user) this.put(note);
    this.typing.hidden = true;
    for (const channel of this.app.typing.keys()) this.showTyping(channel, true);
    this.drawEmpty();
    this.scroll.toEnd();
  }

  drawEmpty() {
    const before = this.list.querySelector(".empty");
    if (this.items.size > 0) before?.remove();
    else if (!before)
      this.list.append(
        el("li", { class: "empty" }, el("p", {}, this.staff ? "No tickets yet." : "Nothing here yet."),
          el("p", { class: "dim" }, this.staff
            ? "When a customer needs a person, a ticket appears here."
            : this.forum ? "Open a post below, or pick a suggestion." : "Ask a question below, or pick a suggestion.")),
      );
  }

  // Where a message is shown: the item it hangs under, and whether it is the item's own first message.
  whereabouts(message) {
    if (message.channel === this.place) return { root: message.id, first: true };
    const thread = this.app.channel(message.channel);
    if (!isThread(thread) || thread.parent !== this.place) return null;
    return { root: thread.id, first: this.forum && message.id === thread.id };
  }

  take(message, isNew) {
    if (!this.whereabouts(message)) return false;
    const watched = this.scroll.stuck || this.scroll.reaches(this.articleOf(message.id));
    const node = this.put(message);
    this.drawEmpty();
    if (node && ((isNew && message.author === this.user) || watched)) this.scroll.reveal(node);
    return Boolean(node);
  }

  takeEphemeral(note) {
    if (note.for !== this.user || !this.whereabouts(note)) return;
    const node = this.put(note);
    if (node) this.scroll.reveal(node);
    this.drawEmpty();
  }

  // Puts a message where it belongs, or draws it anew where it already is.
  put(message) {
    const where = this.whereabouts(message);
    if (!where || message.type === THREAD_STARTER) return null;
    const before = this.articleOf(message.id);
    if (message.deleted && !before) return null;
    if (before?.querySelector(".edit-form") && !message.deleted) return before;
    const item = this.item(where.root);
    if (message.deleted && !(where.first && item.thread)) {
      this.remove(before, item);
      return null;
    }
    const article = message.written ? this.drawMessage(message, item) : this.drawNotice(message);
    if (!article) return null;
    if (before) replaceKeepingFocus(before, article);
    else if (where.first) item.first.append(article);
    else insertSorted(item.replies, article);
    item.count();
    return article;
  }

  remove(article, item) {
    article.remove();
    item.count();
    if (!item.thread && !item.node.querySelector(".message")) {
      this.items.delete(item.node.dataset.root);
      item.node.remove();
    }
    this.drawEmpty();
  }

  articleOf(id) {
    return this.list.querySelector(`.message[data-id="${CSS.escape(id)}"]`);
  }

  // A message with what hangs under it, or a post.
  item(root) {
    const known = this.items.get(root);
    if (known) return known;
    const first = el("div", { class: "root" });
    const head = el("div", { class: "post-head", hidden: true });
    const replies = el("div", { class: "replies" });
    const typing = typingLine();
    const summary = el("button", { type: "button", class: "reply-count", "aria-expanded": "true", hidden: true });
    const reply = composer({
      label: "Message in the thread",
      placeholder: "Message…",
      small: true,
      send: (text, files) => this.say(text, files, root, null),
      problem: (text) => this.app.tell(text),
    });
    const body = el("div", { class: "thread-body" }, replies, typing, reply.node);
    const node = el("li", { class: "thread", data: { root, ts: sortKey(root) } }, head, first, summary, body);
    summary.addEventListener("click", () => {
      body.hidden = !body.hidden;
      summary.setAttribute("aria-expanded", String(!body.hidden));
    });
    const item = { node, head, first, replies, typing, reply, summary, body, thread: null };
    item.count = () => this.drawThreadLine(item);
    item.count();
    this.items.set(root, item);
    insertSorted(this.list, node);
    const thread = this.app.channel(root);
    if (isThread(thread)) this.takeThread(thread);
    return item;
  }

  takeThread(thread) {
    if (thread.parent !== this.place) return;
    if (thread.type === "private_thread" && !thread.seen_by.includes(this.user)) return;
    const item = this.items.get(thread.id) ?? this.item(thread.id);
    item.thread = thread;
    this.drawThreadLine(item);
    this.drawEmpty();
  }

  drawThreadLine(item) {
    const { thread } = item;
    const number = item.replies.querySelectorAll(".message").length;
    item.reply.node.hidden = !thread || thread.locked;
    item.body.hidden = item.body.hidden && Boolean(thread);
    item.summary.hidden = !thread;
    if (!thread) return;
    const marks = [
      thread.type === "private_thread" && el("span", { class: "tag" }, "private"),
      ...thread.applied_tags.map((name) => el("span", { class: "tag label" }, name)),
      thread.archived && el("span", { class: "tag outside" }, "archived"),
      thread.locked && el("span", { class: "tag outside" }, "locked"),
    ].filter(Boolean);
    const alone = this.forum || !item.first.firstElementChild;
    item.head.hidden = !alone;
    item.head.replaceChildren(...(alone ? [el("h3", { class: "post-name", dir: "auto" }, thread.name), ...marks] : []));
    item.summary.hidden = alone && number === 0;
    const count = `${number} ${number === 1 ? "message" : "messages"}`;
    item.summary.replaceChildren(...(alone ? [count] : [el("bdi", {}, thread.name), ` · ${count}`, ...marks]));
  }

  showTyping(channel, yes) {
    if (channel === this.place) this.typing.hidden = !yes;
    const line = channel === this.place ? this.typing : this.items.get(channel)?.typing;
    if (!line) return;
    line.hidden = !yes;
    line.lastElementChild.textContent = `${this.app.assistantName()} is typing…`;
    if (yes && line !== this.typing && (this.scroll.stuck || this.scroll.reaches(line))) this.scroll.reveal(line);
  }

  // --- messages -----------------------------------------------------------------------------------

  drawNotice(message) {
    const words = NOTICES[message.type];
    if (!words) return null;
    return el(
      "p",
      { class: "message notice", data: { id: message.id, ts: sortKey(message.id) } },
      el("span", { class: "body" }, `${message.name} ${words} ${message.content}`),
    );
  }

  drawMessage(message, item) {
    const author = this.app.authorOf(message);
    const mine = !message.for && message.author === this.user;
    const article = el("article", {
      class: ["message", message.for && "ephemeral", author.assistant && "assistant"].filter(Boolean).join(" "),
      data: { id: message.id, ts: sortKey(message.id) },
      tabindex: -1,
      "aria-label": `${author.name}, ${clock(message.at)}`,
    });
    const body = el("div", { class: "body", dir: "auto" });
    article.append(
      avatar(author),
      el(
        "div",
        { class: "message-main" },
        this.drawReference(message),
        el(
          "div",
          { class: "byline" },
          el("bdi", { class: "author" }, author.name),
          author.assistant && el("span", { class: "tag" }, author.webhook ? "APP · webhook" : "APP"),
          el("time", { datetime: isoTime(message.at), title: isoTime(message.at) }, clock(message.at)),
          message.edited && !message.deleted && el("span", { class: "edited" }, "(edited)"),
          message.for && el("span", { class: "only-you" }, "only visible to you"),
        ),
        body,
        !message.deleted && this.drawReactions(message),
      ),
    );
    if (message.deleted) {
      article.classList.add("gone");
      body.append(el("p", { class: "dim" }, "This message was deleted."));
      return article;
    }
    this.drawContent(body, message);
    if (!message.for) article.append(this.tools(message, mine, item, body));
    return article;
  }

  drawReference(message) {
    if (!message.reply_to) return null;
    const before = this.app.find(message.channel, message.reply_to);
    const said = before && !before.deleted ? `${before.name}: ${before.content.replace(/[*_`~|]/g, "").slice(0, 120)}` : "a deleted message";
    return el("p", { class: "reference dim", dir: "auto" }, "↳ ", said);
  }

  drawContent(body, message) {
    const { drawing } = this.app;
    const names = { ...drawing.names, crowd: (who) => message.pings.includes(who) };
    const file = (item) => this.drawFile(message.attachments.find((each) => item.file?.attachment_id === each.id));
    const ctx = {
      ...drawing,
      names,
      file,
      press: (customId, values) =>
        this.app.attempt(() =>
          post("discord/press", { user: this.user, channel: message.channel, id: message.id, custom_id: customId, values }),
        ),
    };
    if (message.loading) body.append(el("p", { class: "dim" }, `${message.name} is thinking…`));
    if (message.content) body.append(el("div", { class: "prose" }, markdown(message.content, names)));
    if (!message.hides_embeds) body.append(...drawEmbeds(message.embeds, ctx));
    body.append(...drawComponents(message.components, ctx));
    const inPlace = JSON.stringify(message.components);
    for (const each of message.attachments) if (!inPlace.includes(each.id)) body.append(this.drawFile(each));
  }

  drawFile(file) {
    if (!file) return el("p", { class: "dim" }, "a file that is gone");
    return el("div", { class: "file" }, icon("clip"), " ",
      el("a", { href: `/sandbox/discord/file/${encodeURIComponent(file.id)}`, target: "_blank", rel: "noopener" }, el("bdi", {}, file.name)),
      el("span", { class: "dim" }, ` ${file.mimetype} ${size(file.size)}`));
  }

  drawReactions(message) {
    const given = Object.entries(message.reactions);
    if (given.length === 0) return null;
    return el(
      "div",
      { class: "reactions" },
      given.map(([emoji, users]) =>
        el("button", { type: "button", class: "reaction", on: { click: () => this.act("react", message, { emoji }) } }, `${emoji} ${users.length}`),
      ),
    );
  }

  tools(message, mine, item, body) {
    const tool = (label, act, name) => el("button", { type: "button", class: "tool", "aria-label": name, on: { click: act } }, label);
    const place = this.app.channel(message.channel);
    return el(
      "div",
      { class: "tools", role: "group", "aria-label": "Message actions" },
      tool("Reply", () => this.answer(message)),
      place?.type === "text" && !item.thread && tool("Thread", () => this.act("thread", message, { name: titleFrom(message.content) })),
      tool(icon("up"), () => this.act("react", message, {}), "React with thumbs up"),
      this.app.commands(3).map(({ name }) => tool(name, () => this.act("menu", message, { name }))),
      mine && tool("Edit", () => this.startEdit(message, body)),
      mine && tool("Delete", () => this.act("delete", message, {})),
    );
  }

  act(what, message, more) {
    return this.app.attempt(() => post(`discord/${what}`, { user: this.user, channel: message.channel, id: message.id, ...more }));
  }

  startEdit(message, body) {
    const finish = () => this.put(this.app.find(message.channel, message.id) ?? message);
    editInPlace(body, fromWire(message.content, this.app.wire()), finish, (typed) =>
      this.act("edit", message, { text: toWire(typed, this.app.wire()) }),
    );
  }

  // --- acting -------------------------------------------------------------------------------------

  // The next message answers this one.
  answer(message) {
    this.answering = message;
    this.reference.hidden = !message;
    this.reference.replaceChildren();
    if (!message) return;
    const stop = el("button", { type: "button", class: "tool", "aria-label": "Do not reply", on: { click: () => this.answer(null) } }, "✕");
    this.reference.append(`Replying to ${message.name} `, stop);
    const item = this.items.get(message.channel);
    (message.channel === this.place ? this.composer : item?.reply)?.input.focus();
  }

  async send(typed, files) {
    if (typed.startsWith("/") && files.length === 0) {
      await this.app.refreshCommands();
      const command = parse(typed, this.app.commands(1), this.app.wire());
      await post("discord/slash", { user: this.user, channel: await this.writable(), ...command });
    } else if (this.forum) {
      await this.openPost(this.title.value.trim() || titleFrom(typed), typed, files);
      this.title.value = "";
    } else await this.say(typed, files, this.place, this.answering?.channel === this.place ? this.answering.id : null);
    this.answer(null);
    this.suggest();
  }

  // A command needs a place where people write: a forum itself is none, its newest post is.
  async writable() {
    if (!this.forum) return this.place;
    const newest = this.app.threadsOf(this.place).at(-1);
    if (!newest) throw new Error("Open a post first: commands do not work in the forum itself.");
    return newest.id;
  }

  async say(typed, files, channel, replyTo) {
    if (typed.startsWith("/") && files.length === 0) {
      await this.app.refreshCommands();
      await post("discord/slash", { user: this.user, channel, ...parse(typed, this.app.commands(1), this.app.wire()) });
      return;
    }
    const answered = replyTo ?? (this.answering?.channel === channel ? this.answering.id : "");
    await post("discord/say", formOf({ user: this.user, channel, text: toWire(typed, this.app.wire()), reply_to: answered }, files));
    this.answer(null);
  }

  openPost(title, typed, files) {
    const fields = { user: this.user, channel: this.place, title, text: toWire(typed, this.app.wire()) };
    return post("discord/post", formOf(fields, files));
  }

  // --- suggestions --------------------------------------------------------------------------------

  suggest() {
    const typed = this.composer.input.value;
    if (typed.startsWith("/")) this.suggestCommands(typed);
    else
      this.drawChips(
        this.suggestions.map((each) => ({ ...each, label: each.message, act: () => this.app.attempt(() => this.send(each.message, [])) })),
      );
  }

  async suggestCommands(typed) {
    if (typed === "/") await this.app.attempt(() => this.app.refreshCommands());
    const commands = this.app.commands(1);
    const open = offered(typed, commands);
    if (open) {
      await this.suggestValues(typed, open);
      return;
    }
    const chosen = commandIn(typed, commands);
    const write = (text) => () => this.write(text);
    const chips = chosen
      ? chosen.options
          .filter((each) => !typed.includes(`${each.name}:`))
          .map((each) => ({ label: `${each.name}:`, hint: each.description, act: write(`${typed.trimEnd()} ${each.name}:`) }))
      : runnable(commands)
          .map((each) => ({ ...each, text: `/${each.words.join(" ")}` }))
          .filter((each) => each.text.startsWith(typed.trimEnd()))
          .map((each) => ({ label: each.text, hint: each.description, act: write(each.text) }));
    this.drawChips(chips.slice(0, CHIPS_AT_MOST));
  }

  async suggestValues(typed, { start, ...asked }) {
    const answer = await this.app.attempt(() => post("discord/choices", { user: this.user, channel: this.place, ...asked }));
    if (this.composer.input.value !== typed) return;
    const write = (value) => () => this.write(`${typed.slice(0, start)}${/\s/.test(value) ? `"${value}"` : value}`);
    this.drawChips((answer?.choices ?? []).slice(0, CHIPS_AT_MOST).map((each) => ({ label: each.name, act: write(String(each.value)) })));
  }

  write(text) {
    this.composer.input.value = text;
    this.composer.input.focus();
    this.suggest();
  }

  drawChips(chips) {
    this.chips.replaceChildren(
      ...chips.map(({ label, hint, lang, act }) => el("button", { type: "button", class: "chip", lang, title: hint, on: { click: act } }, label)),
    );
    this.chips.hidden = chips.length === 0;
  }
}

function typingLine() {
  return el(
    "div",
    { class: "status", role: "status", hidden: true },
    el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
    el("span", {}),
  );
}

const titleFrom = (text) => text.split("\n")[0].slice(0, TITLE_LENGTH) || "Question";

function formOf(fields, files) {
  if (files.length === 0) return fields;
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const file of files) form.append("file", file, file.name);
  return form;
}
