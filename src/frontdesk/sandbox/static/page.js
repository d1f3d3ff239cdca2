// The sandbox's page: one side for each platform, and what they share: tabs, the trace and what is said aloud.

import { el } from "./dom.js";
import { DiscordSide } from "./discord.js";
import { SlackSide } from "./slack.js";
import { Trace } from "./trace.js";

const SUGGESTIONS = [
  { message: "How long does shipping take?", lang: "en" },
  { message: "Can I return an opened item?", lang: "en" },
  { message: "I want to talk to a person", lang: "en" },
  { message: "Wie kann ich etwas zurückgeben?", lang: "de" },
];
const NAMES = { slack: "Slack", discord: "Discord" };
const PLACES = {
  slack: { customer: "customer", staff: "staff" },
  discord: { customer: "discord", staff: "staff-discord" },
};
const SIDES = { slack: SlackSide, discord: DiscordSide };
const BUSY_AFTER_CHANGE_MS = 8000;

class Page {
  constructor({ platforms, staff_on: staffOn, model }) {
    this.platforms = platforms;
    this.lastChange = 0;
    this.live = document.getElementById("live");
    this.alert = document.getElementById("alert");
    this.trace = new Trace(document.getElementById("trace"));
    this.waiting = new Set(platforms);
    this.switches = [];
    this.sides = platforms.map((platform) => new SIDES[platform](this, this.panesOf(platform)));
    document.getElementById("banner").hidden = !model?.stand_in;
    document.body.dataset.platforms = platforms.join(" ");
    this.showStaff(sessionStorage.getItem("staff-on") ?? staffOn);
  }

  // A single platform keeps the plain names: "Customer" and "Staff".
  panesOf(platform) {
    const single = this.platforms.length === 1;
    const { customer, staff } = PLACES[platform];
    const tab = document.getElementById(`tab-${customer}`);
    tab.hidden = false;
    tab.textContent = single ? "Customer" : NAMES[platform];
    return [
      {
        node: document.getElementById(customer),
        key: customer,
        title: "Customer",
        head: !single && el("span", { class: `platform ${platform}` }, `on ${NAMES[platform]}`),
        suggestions: SUGGESTIONS,
      },
      {
        node: document.getElementById(staff),
        key: staff,
        tab: "staff",
        title: "Staff",
        head: !single && this.staffSwitch(),
        suggestions: [],
      },
    ];
  }

  staffSwitch() {
    const select = el(
      "select",
      { class: "staff-switch", "aria-label": "Platform of the staff channel", on: { change: () => this.chooseStaff(select.value) } },
      this.platforms.map((each) => el("option", { value: each }, `on ${NAMES[each]}`)),
    );
    this.switches.push(select);
    return select;
  }

  chooseStaff(platform) {
    sessionStorage.setItem("staff-on", platform);
    this.showStaff(platform);
    this.switches[this.platforms.indexOf(platform)]?.focus();
  }

  showStaff(wanted) {
    const platform = this.platforms.includes(wanted) ? wanted : this.platforms[0];
    document.body.dataset.staff = platform;
    for (const select of this.switches) select.value = platform;
    for (const [each, { customer, staff }] of Object.entries(PLACES)) {
      document.getElementById(customer).hidden = !this.platforms.includes(each);
      document.getElementById(staff).hidden = each !== platform;
    }
    document.getElementById("tab-staff").setAttribute("aria-controls", PLACES[platform].staff);
  }

  follow() {
    for (const side of this.sides) side.follow();
    document.addEventListener("click", (event) => {
      const address = event.target.closest("main a")?.href;
      if (address && this.sides.some((side) => side.followLink?.(address))) event.preventDefault();
    });
  }

  showTab(name) {
    document.getElementById(`tab-${name}`).click();
  }

  // --- what the sides tell ------------------------------------------------------------------------

  connected(platform, yes) {
    if (yes) this.waiting.delete(platform);
    else this.waiting.add(platform);
    const all = this.waiting.size === 0;
    document.body.dataset.connected = String(all);
    document.getElementById("connection").textContent = all ? "Live" : "Connecting…";
  }

  named(assistant) {
    document.title = `${assistant} · sandbox`;
  }

  noticeChange() {
    this.lastChange = performance.now();
    this.traceSoon();
  }

  news(tab) {
    if (document.body.dataset.tab !== tab) document.getElementById(`tab-${tab}`).classList.add("news");
  }

  // Screen readers hear a finished message once, not every piece of a stream.
  announce(name, said) {
    this.live.append(el("p", {}, `${name}: ${said.slice(0, 600)}`));
    while (this.live.children.length > 5) this.live.firstElementChild.remove();
  }

  traceSoon() {
    clearTimeout(this.traceTimer);
    this.traceTimer = setTimeout(() => this.trace.refresh(), 250);
  }

  // Tokens and steps change without a message: look once a second while something goes on.
  keepTraceFresh() {
    setInterval(() => {
      const recent = this.lastChange > 0 && performance.now() - this.lastChange < BUSY_AFTER_CHANGE_MS;
      if (!document.hidden && (recent || this.sides.some((side) => side.busy()))) this.trace.refresh();
    }, 1000);
  }

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

function useTabs() {
  const tabs = [...document.querySelectorAll("[role=tab]")].filter((tab) => !tab.hidden);
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

const page = new Page(await (await fetch("/sandbox/about")).json());
useTabs();
page.follow();
page.keepTraceFresh();
