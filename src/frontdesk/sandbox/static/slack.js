// The Slack side of the page: keeps the workspace's state, follows its changes and gives its panes what they show.

import { byTime, ephemeralFor, isStreaming, Pane } from "./pane.js";
import { displayName } from "./pieces.js";
import { confirmFirst, Modals } from "./modal.js";

export class SlackSide {
  constructor(page, panes) {
    this.page = page;
    this.state = { people: [], channels: [], messages: {}, ephemerals: [], views: [], statuses: [], prompts: [] };
    this.messages = new Map();
    this.drawing = {
      names: { person: (id) => this.nameOf(id, undefined), channel: (id) => this.channel(id)?.name },
      people: () => this.humans(),
      channels: () => this.state.channels.filter((each) => !each.dm),
      confirm: (question) => confirmFirst(question, this.drawing.names),
    };
    this.modals = new Modals(this);
    this.panes = panes.map(({ node, ...about }) => new Pane(node, this, about));
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
      this.page.connected("slack", true);
    });
    socket.addEventListener("message", (event) => {
      const frame = JSON.parse(event.data);
      if (waiting) waiting.push(frame);
      else this.take(frame);
    });
    socket.addEventListener("close", () => {
      this.page.connected("slack", false);
      setTimeout(() => this.follow(), 1000);
    });
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
    this.page.named(this.assistantName());
    for (const pane of this.panes) {
      pane.refresh();
      pane.redraw();
    }
    this.showViews();
    this.page.traceSoon();
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
    this.page.noticeChange();
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
      if (!before && message.channel === pane.channel) this.page.news(pane.tab);
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
    this.page.announce(this.authorOf(message).name, said);
  }

  // Tokens and steps change without a message, so that the trace is looked at while something goes on.
  busy() {
    const streaming = [...this.messages.values()].some((channel) => [...channel.values()].some(isStreaming));
    return streaming || this.state.statuses.length > 0;
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

  attempt(act) {
    return this.page.attempt(act);
  }
  tell(text) {
    this.page.tell(text);
  }
}

const asList = (value) => (Array.isArray(value) ? value : Object.values(value ?? {}));
