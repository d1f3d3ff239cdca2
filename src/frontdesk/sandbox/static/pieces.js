// The small parts that panes of both platforms are made of.

import { el, icon } from "./dom.js";

// The list of messages: it follows what grows at its end as long as a person looks there.
export class MessageList {
  constructor(key, title) {
    this.node = el("ol", { class: "threads", id: `${key}-threads`, "aria-label": `${title}: messages`, tabindex: 0 });
    this.stuck = true;
    this.node.addEventListener("scroll", () => {
      this.stuck = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 60;
    });
    new ResizeObserver(() => {
      if (this.stuck) this.node.scrollTop = this.node.scrollHeight;
    }).observe(this.node);
  }

  toEnd() {
    this.stuck = true;
    this.node.scrollTop = this.node.scrollHeight;
  }

  // Puts a node at the top of what is seen.
  bringUp(node) {
    this.node.scrollTop += node.getBoundingClientRect().top - this.node.getBoundingClientRect().top - 12;
  }

  // Whether the end of a node can be seen, so that its growth should be followed.
  reaches(node) {
    if (!node) return false;
    const end = node.getBoundingClientRect().bottom;
    const seen = this.node.getBoundingClientRect();
    return end > seen.top && end < seen.bottom + 40;
  }

  // Moves the list itself only: scrollIntoView would move the whole page on small screens.
  reveal(node) {
    if (this.node.lastElementChild?.contains(node)) this.node.scrollTop = this.node.scrollHeight;
    else {
      const below = node.getBoundingClientRect().bottom - this.node.getBoundingClientRect().bottom + 12;
      if (below > 0) this.node.scrollTop += below;
    }
  }
}

// Replaces a message's body with a form; `finish` draws the message again.
export function editInPlace(body, text, finish, save) {
  const input = el("textarea", { rows: 2, "aria-label": "Edit the message", value: text });
  const end = () => {
    form.remove();
    finish();
  };
  const submit = async (event) => {
    event.preventDefault();
    const typed = input.value.trim();
    if (!typed) return;
    await save(typed);
    end();
  };
  const form = el(
    "form",
    { class: "edit-form", on: { submit } },
    input,
    el("button", { type: "button", class: "button", on: { click: end } }, "Cancel"),
    el("button", { type: "submit", class: "button primary" }, "Save"),
  );
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  body.replaceChildren(form);
  input.focus();
}

export function composer({ label, placeholder, send, problem, small = false }) {
  const input = el("textarea", { rows: 1, "aria-label": label, placeholder, class: "composer-input" });
  const picker = el("input", { type: "file", multiple: true, hidden: true, "aria-label": `${label}: attach files`, tabindex: -1 });
  const files = el("div", { class: "picked-files", hidden: true });
  const submit = el("button", { type: "submit", class: "button primary send", "aria-label": "Send" }, small ? "↵" : "Send");
  const attach = el("button", { type: "button", class: "button attach", "aria-label": "Attach a file", title: "Attach a file" }, icon("clip"));
  let last = Promise.resolve();
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
  const deliver = async (text, chosen) => {
    try {
      await send(text, chosen);
    } catch (reason) {
      if (!input.value) input.value = text;
      if (picker.files.length === 0) pickFiles(chosen);
      grow();
      problem(reason.message);
    }
  };
  const pickFiles = (chosen) => {
    const held = new DataTransfer();
    for (const file of chosen) held.items.add(file);
    picker.files = held.files;
    showFiles();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    const chosen = [...picker.files];
    if (!text && chosen.length === 0) return;
    input.value = "";
    pickFiles([]);
    grow();
    last = last.then(() => deliver(text, chosen)); // One after the other, in the order of typing.
  });
  return { node: form, input };
}

export function pick(label, select) {
  return el("label", { class: "pick" }, el("span", {}, label), select);
}

export function fill(select, options) {
  const wanted = JSON.stringify(options);
  if (select.dataset.options === wanted) return;
  const chosen = select.value;
  select.dataset.options = wanted;
  select.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}

// A person at the keyboard must not be thrown back to the top because a message changed under their hands.
export function replaceKeepingFocus(before, after) {
  const held = before.contains(document.activeElement) ? document.activeElement : null;
  before.replaceWith(after);
  if (!held) return;
  const same = held.dataset.action && after.querySelector(`[data-action="${CSS.escape(held.dataset.action)}"]`);
  (same || after).focus({ preventScroll: true });
}

export function insertSorted(parent, node) {
  let after = parent.lastElementChild;
  while (after && after.dataset.ts && after.dataset.ts > node.dataset.ts) after = after.previousElementSibling;
  if (after) after.after(node);
  else parent.prepend(node);
}

export const displayName = (person) => person.real_name || person.name || person.id;

export function avatar(author) {
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
export const isoTime = (ts) => (Number.isFinite(parseFloat(ts)) ? moment(ts).toISOString() : "");

export function clock(ts) {
  const when = moment(ts);
  if (Number.isNaN(when.getTime())) return "";
  const time = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return when.toDateString() === new Date().toDateString() ? time : `${when.toLocaleDateString()} ${time}`;
}

export function size(bytes) {
  if (!bytes) return "";
  return bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / 1048576).toFixed(1)} MB`;
}
