// One side of the page: a person's view of a channel, with its threads, composers and actions.

import { drawBlocks } from "./blocks.js";
import { el, icon, post } from "./dom.js";
import { emoji, fromWire, markdown, mrkdwn, toWire } from "./text.js";

const ENDED = { stopped_by_user: "Stopped.", expired: "The stream ended: nothing came for five minutes." };

export const isStreaming = (message) => !message.deleted && message.streaming === "streaming";
export const rootOf = (message) => (message.thread_ts && message.thread_ts !== message.ts ? message.thread_ts : message.ts);
export const byTime = (one, other) => (one.ts < other.ts ? -1 : one.ts > other.ts ? 1 : 0);
export const ephemeralFor = (note) => note.seen_by ?? note.to ?? note.user;

export class Pane {
  constructor(node, app, { key, title, suggestions }) {
    this.app = app;
    this.key = key;
    this.suggestions = suggestions;
    this.threads = new Map();
    this.user = null;
    this.channel = null;
    this.person = el("select", { id: `${key}-person`, on: { change: () => this.choosePerson(this.person.value) } });
    this.place = el("select", { id: `${key}-place`, on: { change: () => this.choosePlace(this.place.value) } });
    this.list = el("ol", { class: "threads", id: `${key}-threads`, "aria-label": `${title}: messages`, tabindex: 0 });
    this.stuck = true;
    this.list.addEventListener("scroll", () => {
      this.stuck = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    });
    new ResizeObserver(() => {
      if (this.stuck) this.list.scrollTop = this.list.scrollHeight;
    }).observe(this.list);
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
        el("h2", {}, title),
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
    this.stuck = true;
    this.list.scrollTop = this.list.scrollHeight;
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
    const watched = this.stuck || this.reaches(this.articleOf(message.ts));
    const article = this.put(message);
    this.drawEmpty();
    if (mine || watched) this.reveal(article);
  }

  // Whether the end of a node can be seen, so that its growth should be followed.
  reaches(node) {
    if (!node) return false;
    const end = node.getBoundingClientRect().bottom;
    const seen = this.list.getBoundingClientRect();
    return end > seen.top && end < seen.bottom + 40;
  }

  // Moves the list itself only: scrollIntoView would move the whole page on small screens.
  reveal(node) {
    const last = this.list.lastElementChild;
    if (last?.contains(node)) this.list.scrollTop = this.list.scrollHeight;
    else {
      const below = node.getBoundingClientRect().bottom - this.list.getBoundingClientRect().bottom + 12;
      if (below > 0) this.list.scrollTop += below;
    }
  }

  takeEphemeral(note) {
    if (!this.concerns(note)) return;
    if (note.deleted) {
      this.remove(note.ts);
      return;
    }
    this.reveal(this.put(note, true));
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
    if (this.stuck || this.reaches(thread.status)) this.reveal(thread.status);
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
    const input = el("textarea", { rows: 2, "aria-label": "Edit the message", value: fromWire(message.text, this.app.drawing.names) });
    const finish = () => {
      form.remove();
      this.put(this.app.find(message.channel, message.ts) ?? message);
    };
    const form = el(
      "form",
      {
        class: "edit-form",
        on: {
          submit: async (event) => {
            event.preventDefault();
            const text = toWire(input.value.trim(), this.app.wire());
            if (!text) return;
            await this.app.attempt(() => post("edit", { user: this.user, channel: this.channel, ts: message.ts, text }));
            finish();
          },
        },
      },
      input,
      el("button", { type: "button", class: "button", on: { click: finish } }, "Cancel"),
      el("button", { type: "submit", class: "button primary" }, "Save"),
    );
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") finish();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    body.replaceChildren(form);
    input.focus();
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

// --- pieces ----------------------------------------------------------------------------------------

function composer({ label, placeholder, send, problem, small = false }) {
  const input = el("textarea", { rows: 1, "aria-label": label, placeholder, class: "composer-input" });
  const picker = el("input", { type: "file", multiple: true, hidden: true, "aria-label": `${label}: attach files`, tabindex: -1 });
  const files = el("div", { class: "picked-files", hidden: true });
  const submit = el("button", { type: "submit", class: "button primary send", "aria-label": "Send" }, small ? "↵" : "Send");
  const attach = el("button", { type: "button", class: "button attach", "aria-label": "Attach a file", title: "Attach a file" }, icon("clip"));
  let busy = false;
  const grow = () => {
    input.style.height = "auto";
    const wanted = input.scrollHeight + 2;
    input.style.height = `${Math.min(wanted, 160)}px`;
    input.style.overflowY = wanted > 160 ? "auto" : "hidden";
  };
  const showFiles = () => {
    files.hidden = picker.files.length === 0;
    files.textContent = [...picker.files].map((file) => file.name).join(", ");
  };
  const form = el("form", { class: small ? "composer small" : "composer" }, files, attach, picker, input, submit);
  attach.addEventListener("click", () => picker.click());
  picker.addEventListener("change", () => {
    showFiles();
    input.focus();
  });
  input.addEventListener("input", grow);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    const chosen = [...picker.files];
    if (busy || (!text && chosen.length === 0)) return;
    busy = true;
    input.value = "";
    grow();
    try {
      await send(text, chosen);
      picker.value = "";
      showFiles();
    } catch (reason) {
      if (!input.value) input.value = text;
      grow();
      problem(reason.message);
    } finally {
      busy = false;
    }
  });
  return { node: form, input };
}

function pick(label, select) {
  return el("label", { class: "pick" }, el("span", {}, label), select);
}

function fill(select, options) {
  const wanted = JSON.stringify(options);
  if (select.dataset.options === wanted) return;
  const chosen = select.value;
  select.dataset.options = wanted;
  select.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

// A person at the keyboard must not be thrown back to the top because a message changed under their hands.
function replaceKeepingFocus(before, after) {
  const held = before.contains(document.activeElement) ? document.activeElement : null;
  before.replaceWith(after);
  if (!held) return;
  const same = held.dataset.action && after.querySelector(`[data-action="${CSS.escape(held.dataset.action)}"]`);
  (same || after).focus({ preventScroll: true });
}

function insertSorted(parent, node) {
  let after = parent.lastElementChild;
  while (after && after.dataset.ts && after.dataset.ts > node.dataset.ts) after = after.previousElementSibling;
  if (after) after.after(node);
  else parent.prepend(node);
}

export const displayName = (person) => person.real_name || person.name || person.id;

function avatar(author) {
  const initials = author.name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("")
    .toUpperCase();
  const node = el("span", { class: "avatar", "aria-hidden": "true" }, initials || "?");
  let hue = 7;
  for (const letter of author.id) hue = (hue * 31 + letter.codePointAt(0)) % 360;
  node.style.setProperty("--hue", author.own ? 199 : hue);
  return node;
}

const moment = (ts) => new Date(parseFloat(ts) * 1000);
const isoTime = (ts) => (Number.isFinite(parseFloat(ts)) ? moment(ts).toISOString() : "");

function clock(ts) {
  const when = moment(ts);
  if (Number.isNaN(when.getTime())) return "";
  const time = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return when.toDateString() === new Date().toDateString() ? time : `${when.toLocaleDateString()} ${time}`;
}

function size(bytes) {
  if (!bytes) return "";
  return bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1048576).toFixed(1)} MB`;
}
