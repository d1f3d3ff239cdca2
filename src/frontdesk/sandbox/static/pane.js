// One side of the page: a person's view of a channel, with its threads, composers and actions.

import { drawBlocks } from "./blocks.js";
import { el, icon, post } from "./dom.js";
import {
  avatar, clock, composer, displayName, editInPlace, fill, insertSorted, isoTime, MessageList, pick, replaceKeepingFocus, size,
} from "./pieces.js";
import { emoji, fromWire, markdown, mrkdwn, toWire } from "./text.js";

const ENDED = { stopped_by_user: "Stopped.", expired: "The stream ended: nothing came for five minutes." };

export const isStreaming = (message) => !message.deleted && message.streaming === "streaming";
export const rootOf = (message) => (message.thread_ts && message.thread_ts !== message.ts ? message.thread_ts : message.ts);
export const byTime = (one, other) => (one.ts < other.ts ? -1 : one.ts > other.ts ? 1 : 0);
export const ephemeralFor = (note) => note.seen_by ?? note.to ?? note.user;

export class Pane {
  constructor(node, app, { key, title, suggestions, tab = key, head = null }) {
    this.app = app;
    this.key = key;
    this.tab = tab;
    this.suggestions = suggestions;
    this.threads = new Map();
    this.user = null;
    this.channel = null;
    this.person = el("select", { id: `${key}-person`, on: { change: () => this.choosePerson(this.person.value) } });
    this.place = el("select", { id: `${key}-place`, on: { change: () => this.choosePlace(this.place.value) } });
    this.scroll = new MessageList(key, title);
    this.list = this.scroll.node;
    this.chips = el("div", { class: "chips", "aria-label": "Suggested questions", role: "group" });
    this.composer = composer({
      label: `${title}: new message`,
      placeholder: "Message",
      send: (text, files) => this.say(text, files, null),
      problem: (text) => app.tell(text),
    });
    node.append(
      el(
        "div",
        { class: "pane-head" },
        el("h2", {}, title, head),
        el("div", { class: "picks" }, pick("You are", this.person), pick("in", this.place)),
      ),
      this.list,
      el("div", { class: "pane-foot" }, this.chips, this.composer.node),
    );
  }

  // --- choosing -------------------------------------------------------------------------------

  refresh() {
    const people = this.app.peopleOf(this.key);
    const wanted = this.user ?? sessionStorage.getItem(`${this.key}-person`);
    fill(this.person, people.map((each) => [each.id, `${displayName(each)}${each.is_stranger ? " (other organisation)" : ""}`]));
    const chosen = people.find((each) => each.id === wanted) ?? people[0];
    if (chosen) this.setPerson(chosen.id);
  }

  choosePerson(id) {
    sessionStorage.setItem(`${this.key}-person`, id);
    this.setPerson(id);
  }

  setPerson(id) {
    this.user = id;
    this.person.value = id;
    const { channels, dm } = this.app.placesOf(id);
    const options = channels.map((each) => [each.id, `# ${each.name}`]);
    options.push([dm?.id ?? "dm", `@ ${this.app.assistantName()} (direct)`]);
    fill(this.place, options);
    const wanted = this.channel === "dm" && dm ? dm.id : (this.channel ?? sessionStorage.getItem(`${this.key}-place`));
    const fits = options.some(([value]) => value === wanted);
    const wasDm = wanted === "dm" || this.app.channel(wanted)?.dm;
    this.setPlace(fits ? wanted : wasDm ? (dm?.id ?? "dm") : (this.app.firstPlace(this.key, channels) ?? options[0][0]));
  }

  choosePlace(id) {
    sessionStorage.setItem(`${this.key}-place`, id);
    this.setPlace(id);
    if (id === "dm" || this.app.channel(id)?.dm) this.app.attempt(() => post("open_messages_tab", { user: this.user }));
  }

  setPlace(id) {
    const same = this.channel === id && this.shownFor === this.user;
    this.channel = id;
    this.shownFor = this.user;
    this.place.value = id;
    this.composer.input.placeholder = `Message ${this.place.selectedOptions[0]?.textContent ?? ""}`;
    if (!same) this.redraw();
    this.drawChips();
  }

  // --- drawing --------------------------------------------------------------------------------

  redraw() {
    this.threads.clear();
    this.list.replaceChildren();
    const messages = [...this.app.messagesIn(this.channel)].sort(byTime);
    for (const message of messages) this.put(message);
    for (const note of this.app.ephemerals()) if (this.concerns(note)) this.put(note, true);
    for (const status of this.app.statuses()) this.setStatus(status);
    this.drawEmpty();
    this.scroll.toEnd();
  }

  drawEmpty() {
    const before = this.list.querySelector(".empty");
    if (this.threads.size > 0) before?.remove();
    else if (!before)
      this.list.append(
        el("li", { class: "empty" }, el("p", {}, this.key === "staff" ? "No tickets yet." : "Nothing here yet."),
          el("p", { class: "dim" }, this.key === "staff"
            ? "When a customer needs a person, a card appears here."
            : "Ask a question below, or pick a suggestion.")),
      );
  }

  drawChips() {
    const prompts = this.app.promptsFor(this.channel) ?? [];
    const asked = prompts.length ? prompts : this.suggestions;
    this.chips.replaceChildren(
      ...asked.map((each) =>
        el(
          "button",
          {
            type: "button",
            class: "chip",
            lang: each.lang,
            on: { click: () => this.app.attempt(() => this.say(each.message, [], null)) },
          },
          each.title ?? each.message,
        ),
      ),
    );
    this.chips.hidden = asked.length === 0;
  }

  concerns(item) {
    return item.channel === this.channel && ephemeralFor(item) === this.user;
  }

  take(message, isNew) {
    if (message.channel !== this.channel) return;
    const mine = isNew && message.user === this.user;
    const watched = this.scroll.stuck || this.scroll.reaches(this.articleOf(message.ts));
    const article = this.put(message);
    this.drawEmpty();
    if (mine || watched) this.scroll.reveal(article);
  }

  takeEphemeral(note) {
    if (!this.concerns(note)) return;
    if (note.deleted) {
      this.remove(note.ts);
      return;
    }
    this.scroll.reveal(this.put(note, true));
    this.drawEmpty();
  }

  remove(ts) {
    const article = this.articleOf(ts);
    const thread = article?.closest(".thread");
    article?.remove();
    if (thread && !thread.querySelector(".message")) {
      this.threads.delete(thread.dataset.root);
      thread.remove();
    }
    this.drawEmpty();
  }

  articleOf(ts) {
    return this.list.querySelector(`.message[data-ts="${CSS.escape(ts)}"]`);
  }

  // Puts a message where it belongs, or draws it anew where it already is.
  put(message, ephemeral = false) {
    const root = rootOf(message);
    const thread = this.thread(root);
    const before = this.articleOf(message.ts);
    if (before?.querySelector(".edit-form") && !message.deleted) return before;
    const article = this.drawMessage(message, ephemeral, thread);
    if (before) replaceKeepingFocus(before, article);
    else if (message.ts === root) thread.root.append(article);
    else insertSorted(thread.replies, article);
    thread.count();
    return article;
  }

  thread(root) {
    const known = this.threads.get(root);
    if (known) return known;
    const replies = el("div", { class: "replies" });
    const rootNode = el("div", { class: "root" });
    const status = el("div", { class: "status", role: "status", hidden: true });
    const summary = el("button", { type: "button", class: "reply-count", "aria-expanded": "true", hidden: true });
    const reply = composer({
      label: "Reply in the thread",
      placeholder: "Reply…",
      small: true,
      send: (text, files) => this.say(text, files, root),
      problem: (text) => this.app.tell(text),
    });
    reply.node.hidden = true;
    const body = el("div", { class: "thread-body" }, replies, status, reply.node);
    const node = el("li", { class: "thread", data: { root, ts: root } }, rootNode, summary, body);
    summary.addEventListener("click", () => {
      body.hidden = !body.hidden;
      summary.setAttribute("aria-expanded", String(!body.hidden));
    });
    const thread = { node, root: rootNode, replies, status, reply, summary, body };
    thread.count = () => {
      const number = replies.querySelectorAll(".message").length;
      summary.hidden = number === 0;
      summary.textContent = number === 1 ? "1 reply" : `${number} replies`;
      if (number > 0) reply.node.hidden = false;
    };
    thread.openReply = () => {
      reply.node.hidden = false;
      body.hidden = false;
      reply.input.focus();
    };
    this.threads.set(root, thread);
    insertSorted(this.list, node);
    return thread;
  }

  setStatus({ channel, thread_ts: root, status }) {
    if (channel !== this.channel) return;
    const thread = this.threads.get(root);
    if (!thread) return;
    thread.status.hidden = !status;
    thread.status.replaceChildren();
    if (!status) return;
    thread.status.append(
      el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
      el("span", {}, `${this.app.assistantName()} ${status}`),
      this.stopButton(root),
    );
    if (this.scroll.stuck || this.scroll.reaches(thread.status)) this.scroll.reveal(thread.status);
  }

  stopButton(root) {
    return el(
      "button",
      {
        type: "button",
        class: "button stop",
        on: { click: () => this.app.attempt(() => post("stop", { user: this.user, channel: this.channel, thread_ts: root })) },
      },
      "■ Stop",
    );
  }

  drawMessage(message, ephemeral, thread) {
    const author = this.app.authorOf(message);
    const mine = !ephemeral && message.user && message.user === this.user && !message.deleted;
    const streaming = isStreaming(message);
    const article = el("article", {
      class: ["message", ephemeral && "ephemeral", streaming && "streaming", author.assistant && "assistant"].filter(Boolean).join(" "),
      data: { ts: message.ts },
      tabindex: -1,
      "aria-label": `${author.name}, ${clock(message.ts)}`,
    });
    const body = el("div", { class: "body", dir: "auto" });
    article.append(
      avatar(author),
      el(
        "div",
        { class: "message-main" },
        el(
          "div",
          { class: "byline" },
          el("bdi", { class: "author" }, author.name),
          author.assistant && el("span", { class: "tag" }, "APP"),
          author.stranger && el("span", { class: "tag outside" }, "other organisation"),
          el("time", { datetime: isoTime(message.ts), title: isoTime(message.ts) }, clock(message.ts)),
          message.edited && !message.deleted && el("span", { class: "edited" }, "(edited)"),
          ephemeral && el("span", { class: "only-you" }, "only visible to you"),
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
    if (streaming) {
      const last = body.lastElementChild?.lastElementChild;
      (last?.tagName === "P" ? last : body).append(el("span", { class: "caret", "aria-hidden": "true" }));
      article.querySelector(".byline").append(this.stopButton(rootOf(message)));
    } else if (ENDED[message.streaming]) body.append(el("p", { class: "dim" }, ENDED[message.streaming]));
    if (!ephemeral) article.append(this.tools(message, mine, thread, body));
    return article;
  }

  drawContent(body, message) {
    const { names } = this.app.drawing;
    const ctx = {
      ...this.app.drawing,
      act: (item, value) =>
        this.app.attempt(() =>
          post("click", { user: this.user, channel: this.channel, ts: message.ts, action_id: item.action_id, value }),
        ),
    };
    const blocks = Array.isArray(message.blocks) ? message.blocks : [];
    const markdownInBlocks = blocks.some((block) => block.type === "markdown");
    const tasks = Array.isArray(message.tasks) ? message.tasks.map((task) => ({ ...task, type: "task_card" })) : [];
    body.append(...drawBlocks(message.plan ? [{ type: "plan", title: message.plan, tasks }] : tasks, ctx));
    const said = message.markdown_text ?? (markdownInBlocks ? "" : message.markdown);
    if (said) body.append(el("div", { class: "prose" }, markdown(said, names)));
    else if (blocks.length === 0 && message.text) body.append(el("div", { class: "prose" }, mrkdwn(message.text, names)));
    body.append(...drawBlocks(blocks, ctx));
    for (const attached of message.attachments ?? [])
      body.append(
        el("div", { class: "attachment" }, attached.blocks ? drawBlocks(attached.blocks, ctx) : mrkdwn(attached.text ?? attached.fallback, names)),
      );
    for (const file of message.files ?? [])
      body.append(
        el("div", { class: "file" }, icon("clip"), " ",
          el("a", { href: `/sandbox/file/${encodeURIComponent(file.id)}`, target: "_blank", rel: "noopener" }, el("bdi", {}, file.title ?? file.name ?? "file")),
          el("span", { class: "dim" }, ` ${file.mimetype ?? ""} ${size(file.size)}`)),
      );
  }

  drawReactions(message) {
    const given = Array.isArray(message.reactions)
      ? message.reactions
      : Object.entries(message.reactions ?? {}).map(([name, users]) => ({ name, users }));
    if (given.length === 0) return null;
    return el(
      "div",
      { class: "reactions" },
      given.map((each) =>
        el(
          "button",
          { type: "button", class: "reaction", title: each.name, on: { click: () => this.react(message, each.name) } },
          `${emoji(each.name)} ${each.users?.length ?? each.count ?? 1}`,
        ),
      ),
    );
  }

  tools(message, mine, thread, body) {
    const tool = (label, act, name) => el("button", { type: "button", class: "tool", "aria-label": name, on: { click: act } }, label);
    return el(
      "div",
      { class: "tools", role: "group", "aria-label": "Message actions" },
      tool("Reply", () => thread.openReply()),
      tool(icon("up"), () => this.react(message, "+1"), "React with thumbs up"),
      mine && tool("Edit", () => this.startEdit(message, body)),
      mine &&
        tool("Delete", () =>
          this.app.attempt(() => post("delete", { user: this.user, channel: this.channel, ts: message.ts })),
        ),
    );
  }

  react(message, name) {
    return this.app.attempt(() => post("react", { user: this.user, channel: this.channel, ts: message.ts, name }));
  }

  startEdit(message, body) {
    const finish = () => this.put(this.app.find(message.channel, message.ts) ?? message);
    editInPlace(body, fromWire(message.text, this.app.drawing.names), finish, (typed) => {
      const text = toWire(typed, this.app.wire());
      return this.app.attempt(() => post("edit", { user: this.user, channel: this.channel, ts: message.ts, text }));
    });
  }

  // --- acting ---------------------------------------------------------------------------------

  async say(typed, files, threadTs) {
    const command = /^(\/[\p{L}\p{N}_-]+)(?:\s+([\s\S]*))?$/u.exec(typed);
    if (command && threadTs) throw new Error("Slash commands do not work in threads. Use the field at the bottom.");
    const opened = this.channel === "dm" ? await post("open_messages_tab", { user: this.user }) : null;
    const channel = opened?.channel ?? this.channel;
    if (command && files.length === 0) {
      await post("slash", { user: this.user, channel, command: command[1], text: command[2] ?? "" });
      return;
    }
    const fields = { user: this.user, channel, text: toWire(typed, this.app.wire()) };
    if (threadTs) fields.thread_ts = threadTs;
    if (files.length === 0) {
      await post("say", fields);
      return;
    }
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    for (const file of files) form.append("file", file, file.name);
    await post("say", form);
  }
}
