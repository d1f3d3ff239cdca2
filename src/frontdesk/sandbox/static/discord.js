// The Discord side of the page: keeps the server's state, follows its changes and gives its panes what they show.

import { DiscordModals } from "./discord-modal.js";
import { DiscordPane } from "./discord-pane.js";
import { displayName } from "./pieces.js";

const TYPING_MS = 10_000;

export const sortKey = (id) => String(id).padStart(20, "0");
export const byId = (one, other) => (sortKey(one.id) < sortKey(other.id) ? -1 : 1);
export const isThread = (channel) => /thread$/.test(channel?.type ?? "");

export class DiscordSide {
  constructor(page, panes) {
    this.page = page;
    this.state = { people: [], roles: [], channels: [], ephemerals: [], modals: [], commands: [] };
    this.messages = new Map();
    this.typing = new Map();
    const option = (each, label) => ({ value: each.id, label });
    this.drawing = {
      names: {
        person: (id) => this.nameOf(id, undefined),
        channel: (id) => this.channel(id)?.name,
        role: (id) => this.state.roles.find((each) => each.id === id)?.name,
      },
      people: () => this.humans().map((each) => option(each, displayName(each))),
      roles: () => this.state.roles.map((each) => option(each, each.name)),
      channels: () => this.state.channels.filter((each) => each.type === "text").map((each) => option(each, `#${each.name}`)),
    };
    this.modals = new DiscordModals(this);
    this.panes = panes.map(({ node, ...about }) => new DiscordPane(node, this, about));
  }

  // --- following the server -----------------------------------------------------------------------

  follow() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/sandbox/discord/changes`);
    let waiting = [];
    socket.addEventListener("open", async () => {
      await this.attempt(() => this.reload());
      const missed = waiting;
      waiting = null;
      for (const frame of missed) this.take(frame);
      this.page.connected("discord", true);
    });
    socket.addEventListener("message", (event) => {
      const frame = JSON.parse(event.data);
      if (waiting) waiting.push(frame);
      else this.take(frame);
    });
    socket.addEventListener("close", () => {
      this.page.connected("discord", false);
      setTimeout(() => this.follow(), 1000);
    });
  }

  async fetchState() {
    const answer = await fetch("/sandbox/discord/state");
    if (!answer.ok) throw new Error(`The sandbox answered ${answer.status}`);
    return answer.json();
  }

  async reload() {
    const { messages, typing, ...state } = await this.fetchState();
    this.state = { ...this.state, ...state };
    this.messages.clear();
    for (const list of Object.values(messages ?? {})) for (const message of list) this.keep(message);
    this.page.named(this.assistantName());
    for (const pane of this.panes) {
      pane.refresh();
      pane.redraw();
    }
    for (const channel of typing ?? []) this.startTyping(channel);
    this.showModals();
    this.page.traceSoon();
  }

  // The app registers its commands over REST, which is no change of what people see.
  async refreshCommands() {
    this.state.commands = (await this.fetchState()).commands;
  }

  showModals() {
    const here = new Set(this.humans().map((each) => each.id));
    this.modals.sync(this.state.modals.filter((modal) => here.has(modal.user)));
  }

  take({ kind, ...full }) {
    switch (kind) {
      case "message":
      case "changed":
      case "deleted":
        this.takeMessage(full);
        break;
      case "ephemeral":
        this.takeEphemeral(full);
        break;
      case "channel":
        this.takeChannel(full);
        break;
      case "channel_deleted":
        this.state.channels = this.state.channels.filter((each) => each.id !== full.id);
        this.messages.delete(full.id);
        for (const pane of this.panes) {
          pane.refresh();
          pane.redraw();
        }
        break;
      case "person":
        this.state.people = [...this.state.people.filter((each) => each.id !== full.id), full];
        for (const pane of this.panes) pane.refresh();
        break;
      case "modal":
        this.state.modals = [...this.state.modals, full];
        this.showModals();
        break;
      case "modal_closed":
        this.state.modals = this.state.modals.filter((each) => each.id !== full.id);
        this.showModals();
        break;
      case "typing":
        if (full.user === this.state.bot?.user_id) this.startTyping(full.channel);
        break;
      default:
        return;
    }
    this.page.noticeChange();
  }

  takeMessage(message) {
    const before = this.find(message.channel, message.id);
    this.keep(message);
    if (!before && message.app) this.stopTyping(message.channel);
    for (const pane of this.panes) {
      const shown = pane.take(message, !before);
      if (shown && !before) this.page.news(pane.tab);
    }
    if (!before && !message.deleted) this.announce(message);
  }

  takeEphemeral(note) {
    this.state.ephemerals = [...this.state.ephemerals.filter((each) => each.id !== note.id), ...(note.deleted ? [] : [note])];
    for (const pane of this.panes) pane.takeEphemeral(note);
    this.announce(note);
  }

  takeChannel(channel) {
    const before = this.channel(channel.id);
    this.state.channels = [...this.state.channels.filter((each) => each.id !== channel.id), channel];
    for (const pane of this.panes) {
      if (isThread(channel)) pane.takeThread(channel);
      if (!before || !isThread(channel)) pane.refresh();
    }
  }

  keep(message) {
    if (!this.messages.has(message.channel)) this.messages.set(message.channel, new Map());
    this.messages.get(message.channel).set(message.id, message);
  }

  startTyping(channel) {
    clearTimeout(this.typing.get(channel));
    this.typing.set(channel, setTimeout(() => this.stopTyping(channel), TYPING_MS));
    for (const pane of this.panes) pane.showTyping(channel, true);
  }

  stopTyping(channel) {
    clearTimeout(this.typing.get(channel));
    this.typing.delete(channel);
    for (const pane of this.panes) pane.showTyping(channel, false);
  }

  announce(message) {
    const heard = this.panes.find((pane) => pane.articleOf(message.id) && (!message.for || message.for === pane.user));
    const said = heard?.articleOf(message.id).querySelector(".body").innerText;
    if (said) this.page.announce(this.authorOf(message).name, said);
  }

  busy() {
    return this.typing.size > 0;
  }

  // A link to a message of this server leads to it on the page: nothing of this server is on the web.
  followLink(address) {
    const [, guild, channel, message] = /^https:\/\/discord\.com\/channels\/(\d+|@me)\/(\d+)(?:\/(\d+))?$/.exec(address) ?? [];
    const place = this.channel(channel);
    if (!place || (guild !== "@me" && guild !== this.state.server?.id)) return false;
    const shown = isThread(place) ? place.parent : place.id;
    const seen = new Set(this.channel(shown).seen_by);
    const pane = this.panes.find((each) => each.place === shown) ?? this.panes.find((each) => seen.has(each.user));
    if (!pane) return false;
    this.page.showTab(pane.tab);
    pane.goTo(shown, message ?? channel);
    return true;
  }

  // --- what the panes ask -------------------------------------------------------------------------

  find(channel, id) {
    return this.messages.get(channel)?.get(id);
  }
  messagesIn(channel) {
    return [...(this.messages.get(channel)?.values() ?? [])].sort(byId);
  }
  ephemerals() {
    return [...this.state.ephemerals].sort(byId);
  }
  threadsOf(channel) {
    return this.state.channels.filter((each) => isThread(each) && each.parent === channel).sort(byId);
  }
  channel(id) {
    return this.state.channels.find((each) => each.id === id);
  }
  humans() {
    return this.state.people.filter((each) => !each.is_bot);
  }
  assistantName() {
    return this.state.bot?.name ?? "the assistant";
  }
  wire() {
    return { people: this.state.people, channels: this.state.channels.filter((each) => each.type !== "dm") };
  }
  peopleOf(staff) {
    return this.humans().filter((each) => each.is_staff === staff && each.in_guild);
  }
  placesOf(user) {
    const mine = this.state.channels.filter((each) => each.seen_by.includes(user));
    return {
      channels: mine.filter((each) => each.type === "text" || each.type === "forum").sort(byId),
      dm: mine.find((each) => each.type === "dm"),
    };
  }
  firstPlace(staff, channels) {
    if (!staff) return (channels.find((each) => each.name === "support") ?? channels[0])?.id;
    const own = channels.filter((each) => each.private);
    const used = own.find((each) => this.messagesIn(each.id).length > 0 || this.threadsOf(each.id).length > 0);
    return (used ?? own[0] ?? channels[0])?.id;
  }
  nameOf(id, fallback = id) {
    if (id && id === this.state.bot?.user_id) return this.assistantName();
    const person = this.state.people.find((each) => each.id === id);
    return person ? displayName(person) : fallback;
  }
  authorOf(message) {
    return {
      id: message.webhook ? message.name : message.author,
      name: message.name || this.nameOf(message.author, "Somebody"),
      assistant: message.app,
      own: message.app && !message.webhook,
      webhook: message.webhook,
    };
  }
  commands(type) {
    const seen = new Map();
    for (const each of this.state.commands) if ((each.type ?? 1) === type) seen.set(each.name, each);
    return [...seen.values()];
  }

  attempt(act) {
    return this.page.attempt(act);
  }
  tell(text) {
    this.page.tell(text);
  }
}
