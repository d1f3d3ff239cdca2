// Shows modals and confirmation questions as dialogs.

import { el, freshId, post } from "./dom.js";
import { drawBlocks, plainText, textObject } from "./blocks.js";

export function confirmFirst(confirmation, names) {
  return new Promise((resolve) => {
    const title = freshId("confirm");
    const dialog = el("dialog", { class: "modal small", "aria-labelledby": title });
    const done = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    dialog.append(
      el("h2", { id: title }, plainText(confirmation.title) || "Are you sure?"),
      el("div", { class: "modal-body" }, textObject(confirmation.text, names)),
      el(
        "div",
        { class: "modal-foot" },
        el("button", { type: "button", class: "button", on: { click: () => done(false) } }, plainText(confirmation.deny) || "Cancel"),
        el(
          "button",
          { type: "button", class: `button ${confirmation.style === "danger" ? "danger" : "primary"}`, on: { click: () => done(true) } },
          plainText(confirmation.confirm) || "Yes",
        ),
      ),
    );
    dialog.addEventListener("cancel", () => done(false));
    document.body.append(dialog);
    dialog.showModal();
  });
}

// One open dialog per view. `app` gives names, people, channels, nameOf and refresh.
export class Modals {
  constructor(app) {
    this.app = app;
    this.open = new Map();
  }

  sync(views) {
    const wanted = new Set(views.map((view) => view.id));
    for (const id of [...this.open.keys()]) if (!wanted.has(id)) this.close(id);
    for (const view of views) this.show(view);
  }

  close(id) {
    const shown = this.open.get(id);
    if (!shown) return;
    this.open.delete(id);
    shown.dialog.close();
    shown.dialog.remove();
  }

  show(view) {
    if (!view?.id || (view.type && view.type !== "modal")) return;
    const before = this.open.get(view.id);
    const stamp = JSON.stringify([view.title, view.blocks, view.submit, view.close]);
    if (before?.stamp === stamp) {
      this.showErrors(before, view.errors);
      return;
    }
    const typed = new Map((before?.fields ?? []).map((field) => [`${field.block_id}/${field.action_id}`, field.read()]));
    const shown = before ?? { dialog: this.newDialog(view.id) };
    Object.assign(shown, { view, stamp, fields: [] });
    this.open.set(view.id, shown);
    this.draw(shown);
    for (const field of shown.fields) {
      const value = typed.get(`${field.block_id}/${field.action_id}`);
      if (value !== undefined && value !== null) field.write(value);
    }
    this.showErrors(shown, view.errors);
    if (!before) {
      document.body.append(shown.dialog);
      shown.dialog.showModal();
    }
  }

  newDialog(id) {
    const dialog = el("dialog", { class: "modal", data: { view: id } });
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.dismiss(id);
    });
    return dialog;
  }

  draw(shown) {
    const { view, dialog } = shown;
    const user = view.user ?? view.user_id;
    const title = freshId("modal");
    const ctx = {
      ...this.app.drawing,
      fields: shown.fields,
      act: (item, value) =>
        this.app.attempt(() => post("click", { user, view_id: view.id, action_id: item.action_id, value })),
    };
    const problem = el("p", { class: "field-error", role: "alert" });
    shown.problem = problem;
    shown.submit = view.submit && el("button", { type: "submit", class: "button primary" }, plainText(view.submit));
    dialog.setAttribute("aria-labelledby", title);
    dialog.replaceChildren(
      el(
        "form",
        {
          method: "dialog",
          novalidate: true,
          on: {
            submit: (event) => {
              event.preventDefault();
              this.submit(shown, user);
            },
          },
        },
        el("h2", { id: title }, plainText(view.title) || "Dialog", el("small", {}, ` as ${this.app.nameOf(user)}`)),
        el("div", { class: "modal-body" }, drawBlocks(view.blocks, ctx), problem),
        el(
          "div",
          { class: "modal-foot" },
          el("button", { type: "button", class: "button", on: { click: () => this.dismiss(view.id) } }, plainText(view.close) || "Close"),
          shown.submit,
        ),
      ),
    );
  }

  showErrors(shown, errors) {
    for (const field of shown.fields) {
      field.error.textContent = errors?.[field.block_id] ?? "";
      field.node.setAttribute("aria-invalid", String(Boolean(errors?.[field.block_id])));
    }
    if (errors) shown.fields.find((field) => errors[field.block_id])?.node.focus();
  }

  async submit(shown, user) {
    if (!shown.submit || shown.submit.disabled) return;
    const values = {};
    for (const field of shown.fields) (values[field.block_id] ??= {})[field.action_id] = field.read();
    shown.submit.disabled = true;
    shown.problem.textContent = "";
    try {
      const answer = await post("submit_view", { user, view_id: shown.view.id, values });
      if (answer.errors) this.showErrors(shown, answer.errors);
      else await this.app.refreshViews();
    } catch (problem) {
      shown.problem.textContent = problem.message;
    } finally {
      if (shown.submit) shown.submit.disabled = false;
    }
  }

  async dismiss(id) {
    const user = this.open.get(id)?.view.user;
    this.close(id);
    await this.app.attempt(() => post("close_view", { user, view_id: id }));
  }
}
