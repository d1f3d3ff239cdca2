// The sandbox's page: keeps the workspace's state, follows its changes and gives both panes what they show.

import { el } from "./dom.js";
import { byTime, displayName, ephemeralFor, isStreaming, Pane } from "./pane.js";
import { confirmFirst, Modals } from "./modal.js";
import { Trace } from "./trace.js";

const SUGGESTIONS = [
  { message: "How long does shipping take?", lang: "en" },
  { message: "Can I return an opened item?", lang: "en" },
  { message: "I want to talk to a person", lang: "en" },
  { message: "Wie kann ich etwas zurückgeben?", lang: "de" },
];
const BUSY_AFTER_CHANGE_MS = 8000;

class Page {
  constructor() {
    this.state = { people: [], channels: [], messages: {}, ephemerals: [], views: [], statuses: [], prompts: [] };
    this.messages = new Map();
    this.lastChange = 0;
    this.drawing = {
      names: { person: (id) => this.nameOf(id, undefined), channel: (id) => this.channel(id)?.name },
      people: () => this.humans(),
      channels: () => this.state.channels.filter((each) => !each.dm),
      confirm: (question) => confirmFirst(question, this.drawing.names),
    };
    this.modals = new Modals(this);
    this.trace = new Trace(document.getElementById("trace"));
    this.panes = [
      new Pane(document.getElementById("customer"), this, { key: "customer", title: "Customer", suggestions: SUGGESTIONS }),
      new Pane(document.getElementById("staff"), this, { key: "staff", title: "Staff", suggestions: [] }),
    ];
    this.live = document.getElementById("live");
    this.alert = document.getElementById("alert");
  }

  // --- following the workspace ------------------------------------------------------------------

  follow() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/sandbox/changes`);
    let waiting = [];
    socket.addEventListener("open", async () => {
      await this.attempt(() => this.reload());
      const missed = waiting;
      waiting = null;
      for (const frame of missed) this.take(frame);
      this.connected(true);
    });
    socket.addEventListener("message", (event) => {
      const frame = JSON.parse(event.data);
      if (waiting) waiting.push(frame);
      else this.take(frame);
    });
    socket.addEventListener("close", () => {
      this.connected(false);
      setTimeout(() => this.follow(), 1000);
    });
  }

  connected(yes) {
    document.body.dataset.connected = String(yes);
    document.getElementById("connection").textContent = yes ? "Live" : "Connecting…";
  }

  async reload() {
    const answer = await fetch("/sandbox/state");
    if (!answer.ok) throw new Error(`The sandbox answered ${answer.status}`);
    const state = await answer.json();
    this.state = { ...this.state, ...state };
    for (const list of ["people", "channels", "ephemerals", "views", "statuses", "prompts"])
      this.state[list] = asList(this.state[list]).flat();
    this.messages.clear();
    for (const [channel, messages] of Object.entries(state.messages ?? {}))
      for (const message of asList(messages)) this.keep({ channel, ...message });
    document.getElementById("banner").hidden = !this.state.model?.stand_in;
    document.title = `${this.assistantName()} · sandbox`;
    for (const pane of this.panes) {
      pane.refresh();
      pane.redraw();
    }
    this.showViews();
    this.trace.refresh();
  }

  async refreshViews() {
    const answer = await fetch("/sandbox/state");
    if (!answer.ok) return;
    this.state.views = asList((await answer.json()).views).flat();
    this.showViews();
  }

  showViews() {
    const acting = new Set(this.humans().map((each) => each.id));
    this.modals.sync(this.state.views.filter((view) => acting.has(view.user)));
  }

  take(frame) {
    this.lastChange = performance.now();
    const { kind } = frame;
    const full = ["message", "ephemeral", "view", "channel", "person"].map((key) => frame[key]).find((each) => each && typeof each === "object") ?? frame;
    switch (kind) {
      case "message":
      case "changed":
        this.takeMessage(full, kind);
        break;
      case "deleted":
        this.takeMessage({ ...full, deleted: true }, kind);
        break;
      case "ephemeral":
        this.state.ephemerals = [...this.state.ephemerals.filter((each) => each.ts !== full.ts), ...(full.deleted ? [] : [full])];
        for (const pane of this.panes) pane.takeEphemeral(full);
        this.announce(full, ephemeralFor(full));
        break;
      case "view":
        this.state.views = [...this.state.views.filter((each) => each.id !== full.id), full];
        this.showViews();
        break;
      case "view_closed":
        this.state.views = this.state.views.filter((each) => each.id !== (full.id ?? full.view_id));
        this.showViews();
        break;
      case "status":
        this.state.statuses = this.state.statuses.filter((each) => each.channel !== full.channel || each.thread_ts !== full.thread_ts);
        if (full.status) this.state.statuses.push(full);
        for (const pane of this.panes) pane.setStatus(full);
        break;
      case "prompts":
        this.state.prompts = [...this.state.prompts.filter((each) => each.channel !== full.channel), full];
        for (const pane of this.panes) pane.drawChips();
        break;
      case "channel":
        this.state.channels = [...this.state.channels.filter((each) => each.id !== full.id), full];
        for (const pane of this.panes) pane.refresh();
        break;
      case "session":
      case "reaction":
        break; // A session has no place on the page; a reaction also comes as a changed message.
      default:
        this.attempt(() => this.reload());
        return;
    }
    this.traceSoon();
  }

  takeMessage(part, kind) {
    const before = this.find(part.channel, part.ts);
    if (!before && kind !== "message" && !part.user && !part.bot_id && part.text === undefined) return;
    const message = { ...before, ...part };
    const finished = before && isStreaming(before) && !isStreaming(message);
    if (!this.channel(message.channel)) {
      this.attempt(() => this.reload());
      return;
    }
    this.keep(message);
    for (const pane of this.panes) {
      pane.take(message, !before);
      for (const status of this.state.statuses) if (!before && status.thread_ts === message.ts) pane.setStatus(status);
      const hidden = document.body.dataset.tab !== pane.key;
      if (!before && hidden && message.channel === pane.channel) document.getElementById(`tab-${pane.key}`).classList.add("news");
    }
    if ((!before && !isStreaming(message)) || finished) this.announce(message);
  }

  keep(message) {
    if (!this.messages.has(message.channel)) this.messages.set(message.channel, new Map());
    this.messages.get(message.channel).set(message.ts, message);
  }

  // Screen readers hear a finished message once, not every piece of a stream.
  announce(message, to = null) {
    if (message.deleted) return;
    const heard = this.panes.find((pane) => pane.channel === message.channel && (!to || to === pane.user));
    const said = heard?.articleOf(message.ts)?.querySelector(".body").innerText;
    if (!said) return;
    this.live.append(el("p", {}, `${this.authorOf(message).name}: ${said.slice(0, 600)}`));
    while (this.live.children.length > 5) this.live.firstElementChild.remove();
  }

  traceSoon() {
    clearTimeout(this.traceTimer);
    this.traceTimer = setTimeout(() => this.trace.refresh(), 250);
  }

  // Tokens and steps change without a message: look once a second while something goes on.
  keepTraceFresh() {
    setInterval(() => {
      const streaming = [...this.messages.values()].some((channel) => [...channel.values()].some(isStreaming));
      const recent = this.lastChange > 0 && performance.now() - this.lastChange < BUSY_AFTER_CHANGE_MS;
      if (!document.hidden && (streaming || this.state.statuses.length > 0 || recent)) this.trace.refresh();
    }, 1000);
  }

  // --- what the panes ask -------------------------------------------------------------------------

  find(channel, ts) {
    return this.messages.get(channel)?.get(ts);
  }
  messagesIn(channel) {
    return this.messages.get(channel)?.values() ?? [];
  }
  ephemerals() {
    return [...this.state.ephemerals].sort(byTime);
  }
  statuses() {
    return this.state.statuses;
  }
  promptsFor(channel) {
    const given = this.state.prompts.find((each) => each.channel === channel)?.prompts;
    return asList(given).map((each) => ({ title: each.title, message: each.message ?? each.title }));
  }
  channel(id) {
    return this.state.channels.find((each) => each.id === id);
  }
  humans() {
    return this.state.people.filter((each) => each.id !== this.state.bot?.user_id && !each.is_bot);
  }
  assistantName() {
    return this.state.bot?.name ?? "the assistant";
  }
  wire() {
    const assistant = { id: this.state.bot?.user_id, name: this.state.bot?.name };
    return { people: [...this.state.people, assistant], channels: this.state.channels.filter((each) => !each.dm) };
  }
  staffChannel() {
    return this.channel(this.state.staff_channel) ?? this.state.channels.find((each) => each.private && !each.dm);
  }
  peopleOf(key) {
    const staff = new Set(this.staffChannel()?.members ?? []);
    return this.humans().filter((each) => staff.has(each.id) === (key === "staff"));
  }
  placesOf(user) {
    const mine = this.state.channels.filter((each) => (each.members ?? []).includes(user) || each.user === user);
    return {
      channels: mine.filter((each) => !each.dm),
      dm: mine.find((each) => each.dm && (!each.members || each.members.includes(this.state.bot?.user_id) || each.user === user)),
    };
  }
  firstPlace(key, channels) {
    const staff = this.staffChannel()?.id;
    const support = channels.find((each) => each.name === "support");
    return (key === "staff" ? channels.find((each) => each.id === staff) : (support ?? channels[0]))?.id;
  }
  nameOf(id, fallback = id) {
    if (id && id === this.state.bot?.user_id) return this.assistantName();
    const person = this.state.people.find((each) => each.id === id);
    return person ? displayName(person) : fallback;
  }
  authorOf(message) {
    const assistant = Boolean(message.bot_id) || message.user === this.state.bot?.user_id;
    const own = assistant ? this.assistantName() : this.nameOf(message.user, "Somebody");
    const person = this.state.people.find((each) => each.id === message.user);
    return {
      id: message.username ?? message.user ?? message.bot_id ?? "",
      name: message.username || own,
      assistant,
      own: assistant && !message.username,
      stranger: !assistant && Boolean(person?.is_stranger),
    };
  }

  // --- telling ------------------------------------------------------------------------------------

  async attempt(act) {
    try {
      return await act();
    } catch (reason) {
      this.tell(reason.message);
      return null;
    }
  }

  tell(text) {
    this.alert.replaceChildren(el("p", {}, text));
    clearTimeout(this.alertTimer);
    this.alertTimer = setTimeout(() => this.alert.replaceChildren(), 7000);
  }
}

const asList = (value) => (Array.isArray(value) ? value : Object.values(value ?? {}));

function useTabs() {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const choose = (tab) => {
    document.body.dataset.tab = tab.dataset.tab;
    tab.classList.remove("news");
    for (const each of tabs) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
    }
  };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(index + step + tabs.length) % tabs.length];
      choose(next);
      next.focus();
    });
  }
  choose(tabs[0]);
}

useTabs();
const page = new Page();
page.follow();
page.keepTraceFresh();
