// Shows a person's open form as a dialog, and reads what was filled in.

import { el, freshId, post } from "./dom.js";
import { markdown } from "./discord-text.js";

export class DiscordModals {
  constructor(app) {
    this.app = app;
    this.open = new Map();
  }

  sync(modals) {
    const wanted = new Set(modals.map((modal) => modal.id));
    for (const id of [...this.open.keys()]) if (!wanted.has(id)) this.close(id);
    for (const modal of modals) if (!this.open.has(modal.id)) this.show(modal);
  }

  close(id) {
    const dialog = this.open.get(id);
    this.open.delete(id);
    dialog?.close();
    dialog?.remove();
  }

  show(modal) {
    const title = freshId("modal");
    const fields = new Map();
    const problem = el("p", { class: "field-error", role: "alert" });
    const submit = el("button", { type: "submit", class: "button primary" }, "Submit");
    const cancel = () => this.dismiss(modal);
    const send = async (event) => {
      event.preventDefault();
      if (submit.disabled) return;
      submit.disabled = true;
      problem.textContent = "";
      const values = Object.fromEntries([...fields].map(([id, read]) => [id, read()]).filter(([, value]) => value !== undefined));
      try {
        await post("discord/submit", { user: modal.user, id: modal.id, values });
        this.close(modal.id);
      } catch (reason) {
        problem.textContent = reason.message;
        submit.disabled = false;
      }
    };
    const dialog = el(
      "dialog",
      { class: "modal", "aria-labelledby": title, data: { modal: modal.id } },
      el(
        "form",
        { method: "dialog", on: { submit: send } },
        el("h2", { id: title }, modal.title, el("small", {}, ` as ${this.app.nameOf(modal.user)}`)),
        el("div", { class: "modal-body" }, (modal.components ?? []).map((each) => this.part(each, fields)), problem),
        el(
          "div",
          { class: "modal-foot" },
          el("button", { type: "button", class: "button", on: { click: cancel } }, "Cancel"),
          submit,
        ),
      ),
    );
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      cancel();
    });
    this.open.set(modal.id, dialog);
    document.body.append(dialog);
    dialog.showModal();
  }

  async dismiss(modal) {
    this.close(modal.id);
    await this.app.attempt(() => post("discord/dismiss", { user: modal.user, id: modal.id }));
  }

  part(component, fields) {
    if (component.type === 10) return el("div", { class: "block prose" }, markdown(component.content, this.app.drawing.names));
    if (component.type === 1) return (component.components ?? []).map((each) => this.labelled(each.label, null, each, fields));
    if (component.type === 18) return this.labelled(component.label, component.description, component.component, fields);
    return null;
  }

  labelled(text, hint, component, fields) {
    const id = freshId("field");
    const field = drawField(component, id, this.app.drawing, text);
    fields.set(component.custom_id, field.read);
    return el(
      "div",
      { class: "block input" },
      field.grouped ? el("p", { class: "label" }, text) : el("label", { for: id }, text),
      hint && el("p", { class: "hint" }, hint),
      field.node,
    );
  }
}

function drawField(item, id, drawing, text) {
  if (item.type === 4) return textField(item, id);
  if (item.type === 21 || item.type === 22) return choices(item, id, text);
  if (item.type === 23) {
    const box = el("input", { type: "checkbox", id, checked: Boolean(item.default) });
    return { node: box, read: () => box.checked };
  }
  if (item.type === 19) return { node: el("p", { class: "dim" }, "Files cannot be sent from this page."), read: () => undefined, grouped: true };
  const listed = { 3: () => item.options ?? [], 5: drawing.people, 6: drawing.roles, 8: drawing.channels }[item.type];
  const options = listed ? listed() : [...drawing.people(), ...drawing.roles()];
  const many = (item.max_values ?? 1) > 1;
  const required = item.required !== false;
  const node = el(
    "select",
    { id, multiple: many, required },
    !many && el("option", { value: "" }, item.placeholder || "Choose…"),
    options.map((each) => el("option", { value: each.value, selected: Boolean(each.default) }, each.label)),
  );
  return { node, read: () => [...node.selectedOptions].map((each) => each.value).filter(Boolean) };
}

function textField(item, id) {
  const shared = {
    id,
    placeholder: item.placeholder || undefined,
    minlength: item.min_length,
    maxlength: item.max_length,
    required: item.required !== false,
    value: item.value ?? "",
    data: { action: item.custom_id },
  };
  const node = item.style === 2 ? el("textarea", { rows: 4, ...shared }) : el("input", { type: "text", ...shared });
  return { node, read: () => node.value };
}

function choices(item, id, text) {
  const many = item.type === 22;
  const inputs = [];
  const node = el(
    "div",
    { class: "choices", role: many ? "group" : "radiogroup", "aria-label": text, id },
    (item.options ?? []).map((each) => {
      const input = el("input", { type: many ? "checkbox" : "radio", name: id, checked: Boolean(each.default) });
      input.value = each.value;
      inputs.push(input);
      return el("label", { class: "choice" }, input, el("span", {}, each.label, each.description && el("small", {}, each.description)));
    }),
  );
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  return { node, read: () => (many ? chosen() : (chosen()[0] ?? undefined)), grouped: true };
}
