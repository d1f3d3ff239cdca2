// Draws Block Kit. `ctx` gives names, act(element, value) for clicks and confirm(confirmation) for questions.

import { el, freshId, icon } from "./dom.js";
import { emoji, link, markdown, mrkdwn, picture, plain, table } from "./text.js";

export function textObject(object, names) {
  if (!object) return "";
  if (typeof object === "string") return plain(object);
  return object.type === "mrkdwn" ? mrkdwn(object.text, names) : plain(object.text);
}

export const plainText = (object) => (typeof object === "string" ? object : (object?.text ?? ""));

export function drawBlocks(blocks, ctx) {
  return (blocks ?? []).map((block) => drawBlock(block, ctx)).filter(Boolean);
}

function drawBlock(block, ctx) {
  const draw = BLOCKS[block?.type];
  if (draw) return draw(block, ctx);
  return el("p", { class: "unknown" }, `[${block?.type ?? "block"}] `, textObject(block?.text ?? block?.title, ctx.names));
}

const BLOCKS = {
  section(block, ctx) {
    const fields = (block.fields ?? []).map((field) => el("div", { class: "field" }, textObject(field, ctx.names)));
    return el(
      "div",
      { class: "block section" },
      el(
        "div",
        { class: "section-text" },
        block.text && el("div", {}, textObject(block.text, ctx.names)),
        fields.length > 0 && el("div", { class: "fields" }, fields),
      ),
      block.accessory && el("div", { class: "accessory" }, element(block.accessory, ctx, block)),
    );
  },
  header: (block) => el("p", { class: "block header", role: "heading", "aria-level": 3 }, plain(plainText(block.text))),
  context: (block, ctx) =>
    el(
      "div",
      { class: "block context" },
      (block.elements ?? []).map((item) =>
        el("span", {}, item.type === "image" ? picture(item.alt_text) : textObject(item, ctx.names)),
      ),
    ),
  divider: () => el("hr", { class: "block" }),
  markdown: (block, ctx) => el("div", { class: "block prose" }, markdown(block.text, ctx.names)),
  image: (block) => el("p", { class: "block" }, picture(plainText(block.title) || block.alt_text)),
  actions: (block, ctx) =>
    el("div", { class: "block actions" }, (block.elements ?? []).map((item) => element(item, ctx, block))),
  context_actions: (block, ctx) =>
    el("div", { class: "block actions quiet" }, (block.elements ?? []).map((item) => element(item, ctx, block))),
  rich_text: (block, ctx) =>
    el("div", { class: "block prose" }, (block.elements ?? []).map((item) => richText(item, ctx))),
  table(block, ctx) {
    const rows = block.rows ?? [];
    const cell = (each) =>
      each?.type === "rich_text" ? (each.elements ?? []).map((item) => richText(item, ctx)) : plain(plainText(each));
    return el("div", { class: "block" }, table(rows.length ? rows : [[]], cell));
  },
  task_card: (block, ctx) => task(block, ctx),
  plan: (block, ctx) =>
    el(
      "div",
      { class: "block plan" },
      el("p", { class: "plan-title" }, plain(plainText(block.title))),
      (block.tasks ?? []).map((each) => task(each, ctx)),
    ),
  input: (block, ctx) => inputBlock(block, ctx),
  file: (block) => el("p", { class: "block" }, icon("clip"), " ", block.external_id ?? "file"),
  video: (block) => el("p", { class: "block" }, picture(plainText(block.title) || block.alt_text)),
};

const TASK_MARK = { pending: "○", in_progress: "◐", complete: "✓", completed: "✓", error: "✕" };

function task(each, ctx) {
  const details = each.details ?? each.output;
  return el(
    "div",
    { class: `task ${each.status ?? ""}` },
    el("span", { class: "task-mark", "aria-hidden": "true" }, TASK_MARK[each.status] ?? "○"),
    " ",
    plain(plainText(each.title)),
    each.status && el("span", { class: "sr-only" }, ` (${each.status})`),
    details && el("div", { class: "task-details" }, typeof details === "string" ? plain(details) : richText(details, ctx)),
  );
}

// --- rich text -----------------------------------------------------------------------------------

function richText(item, ctx) {
  const parts = (item.elements ?? []).map((each) => richPiece(each, ctx));
  switch (item.type) {
    case "rich_text":
      return parts;
    case "rich_text_quote":
      return el("blockquote", {}, parts);
    case "rich_text_preformatted":
      return el("pre", {}, el("code", {}, parts));
    case "rich_text_list":
      return el(item.style === "ordered" ? "ol" : "ul", {}, parts.map((part) => el("li", {}, part)));
    default:
      return el("p", { class: "rich" }, parts);
  }
}

function richPiece(piece, ctx) {
  let node;
  switch (piece.type) {
    case "rich_text_section":
      return (piece.elements ?? []).map((each) => richPiece(each, ctx));
    case "link":
      node = link(piece.url ?? "", piece.text ?? null);
      break;
    case "user":
      node = el("span", { class: "mention" }, el("bdi", {}, `@${ctx.names.person(piece.user_id) ?? piece.user_id}`));
      break;
    case "channel":
      node = el("span", { class: "mention" }, `#${ctx.names.channel(piece.channel_id) ?? piece.channel_id}`);
      break;
    case "broadcast":
      node = el("span", { class: "mention crowd" }, `@${piece.range}`);
      break;
    case "usergroup":
      node = el("span", { class: "mention crowd" }, "@team");
      break;
    case "emoji":
      node = document.createTextNode(emoji(piece.name));
      break;
    case "date":
      node = document.createTextNode(piece.fallback ?? new Date(Number(piece.timestamp) * 1000).toLocaleString());
      break;
    default:
      node = document.createTextNode(piece.text ?? "");
  }
  for (const [style, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]])
    if (piece.style?.[style]) node = el(tag, {}, node);
  return node;
}

// --- interactive elements --------------------------------------------------------------------------

function element(item, ctx, block) {
  const draw = ELEMENTS[item?.type];
  if (draw) return draw(item, ctx, block);
  return el("span", { class: "unknown" }, `[${item?.type ?? "element"}]`);
}

function button(item, ctx, { label, value, kind = "", describedBy, pressed, picture: shown }) {
  const node = el(
    "button",
    { type: "button", class: `button ${kind}`, "aria-label": describedBy, data: { action: item.action_id ?? "" }, "aria-pressed": pressed },
    shown && icon(shown),
    label,
  );
  node.addEventListener("click", async () => {
    if (node.ariaDisabled === "true" || (item.confirm && !(await ctx.confirm(item.confirm)))) return;
    node.ariaDisabled = "true"; // Not `disabled`, which would take the focus away.
    try {
      await ctx.act(item, value);
      if (pressed) for (const other of node.parentElement.children) other.setAttribute("aria-pressed", String(other === node));
    } finally {
      node.ariaDisabled = "false";
    }
  });
  return node;
}

const ELEMENTS = {
  button(item, ctx) {
    const parsed = item.url ? link(item.url, plainText(item.text)) : null;
    if (parsed instanceof HTMLAnchorElement) {
      parsed.className = "button";
      parsed.addEventListener("click", () => ctx.act(item, item.value));
      return parsed;
    }
    return button(item, ctx, {
      label: plain(plainText(item.text)),
      value: item.value,
      kind: item.style ?? "",
      describedBy: item.accessibility_label,
    });
  },
  icon_button: (item, ctx) =>
    button(item, ctx, { label: plain(plainText(item.text)), value: item.value, picture: item.icon === "trash" ? "bin" : null }),
  feedback_buttons(item, ctx) {
    const choice = (given, picture, fallback) =>
      given &&
      button(item, ctx, {
        label: plain(plainText(given.text) || fallback),
        value: given.value,
        kind: "feedback",
        describedBy: given.accessibility_label,
        pressed: "false",
        picture,
      });
    return el(
      "span",
      { class: "feedback-pair", role: "group", "aria-label": "Feedback" },
      choice(item.positive_button, "up", "Good"),
      choice(item.negative_button, "down", "Bad"),
    );
  },
  overflow(item, ctx) {
    const select = selectNode(item, item.options, "⋯ More");
    select.addEventListener("change", async () => {
      const value = select.value;
      select.selectedIndex = 0;
      if (!item.confirm || (await ctx.confirm(item.confirm))) await ctx.act(item, value);
    });
    return select;
  },
  image: (item) => picture(item.alt_text),
};

const FIELDS = [
  "static_select", "multi_static_select", "users_select", "multi_users_select", "channels_select", "conversations_select",
  "multi_conversations_select", "multi_channels_select", "checkboxes", "radio_buttons", "datepicker", "timepicker",
  "datetimepicker", "plain_text_input", "number_input", "email_text_input", "url_text_input", "external_select", "rich_text_input",
];
for (const type of FIELDS)
  ELEMENTS[type] = (item, ctx, block) => {
    const field = drawField(item, ctx, block, freshId("field"));
    const typed = /input$/.test(type);
    if (!typed) field.node.addEventListener("change", () => ctx.act(item, field.read()));
    else if (block?.dispatch_action || item.dispatch_action_config)
      field.node.addEventListener("keydown", (event) => event.key === "Enter" && !event.shiftKey && ctx.act(item, field.read()));
    return field.node;
  };

function allOptions(item) {
  return item.options ?? (item.option_groups ?? []).flatMap((group) => group.options ?? []);
}

function selectNode(item, options, placeholder, { multiple = false, chosen = [], label } = {}) {
  const choice = (each) =>
    el("option", { value: each.value, selected: chosen.includes(each.value) }, plainText(each.text) || each.value);
  return el(
    "select",
    { multiple, "aria-label": label ?? placeholder, data: { action: item.action_id ?? "" } },
    !multiple && el("option", { value: "" }, placeholder),
    item.option_groups
      ? item.option_groups.map((group) => el("optgroup", { label: plainText(group.label) }, (group.options ?? []).map(choice)))
      : (options ?? []).map(choice),
  );
}

// Draws one field and tells how to read it: a string, a list of values, or null when empty.
export function drawField(item, ctx, block, id) {
  const label = plainText(block?.label) || plainText(item.placeholder) || "Choose";
  const multiple = item.type.startsWith("multi_");
  const kind = item.type.replace(/^multi_/, "");
  if (kind === "checkboxes" || kind === "radio_buttons") return choices(item, ctx, id, label);
  if (/select$/.test(kind)) {
    const listed = selectOptions(kind, item, ctx);
    const node = selectNode(item, listed.options, plainText(item.placeholder) || "Choose…", { multiple, chosen: listed.chosen, label });
    node.id = id;
    return {
      node,
      read: () => (multiple ? [...node.selectedOptions].map((each) => each.value) : node.value || null),
      write: (value) => {
        for (const option of node.options) option.selected = multiple ? value.includes(option.value) : option.value === (value ?? "");
      },
    };
  }
  const types = {
    datepicker: ["date", item.initial_date],
    timepicker: ["time", item.initial_time],
    datetimepicker: ["datetime-local", undefined],
    number_input: ["number", item.initial_value],
    email_text_input: ["email", item.initial_value],
    url_text_input: ["url", item.initial_value],
    plain_text_input: ["text", item.initial_value],
  };
  const [type, initial] = types[kind] ?? ["text", item.initial_value];
  const shared = {
    id,
    placeholder: plainText(item.placeholder) || undefined,
    maxlength: item.max_length,
    value: typeof initial === "string" ? initial : "",
    data: { action: item.action_id ?? "" },
    "aria-label": block?.label ? undefined : label,
  };
  const node = item.multiline ? el("textarea", { rows: 4, ...shared }) : el("input", { type, ...shared });
  return { node, read: () => node.value || null, write: (value) => (node.value = value ?? "") };
}

function selectOptions(kind, item, ctx) {
  const option = (value, text) => ({ value, text });
  if (kind === "users_select")
    return {
      options: ctx.people().map((person) => option(person.id, person.real_name || person.name)),
      chosen: [item.initial_user, ...(item.initial_users ?? [])],
    };
  if (kind === "channels_select" || kind === "conversations_select")
    return {
      options: ctx.channels().map((channel) => option(channel.id, `#${channel.name}`)),
      chosen: [item.initial_channel, item.initial_conversation, ...(item.initial_channels ?? item.initial_conversations ?? [])],
    };
  return {
    options: allOptions(item),
    chosen: [item.initial_option, ...(item.initial_options ?? [])].filter(Boolean).map((each) => each.value),
  };
}

function choices(item, ctx, id, label) {
  const many = item.type === "checkboxes";
  const initial = (many ? (item.initial_options ?? []) : [item.initial_option]).filter(Boolean).map((each) => each.value);
  const inputs = [];
  const node = el(
    "div",
    { class: "choices", role: many ? "group" : "radiogroup", "aria-label": label, id, data: { action: item.action_id ?? "" } },
    allOptions(item).map((each) => {
      const input = el("input", { type: many ? "checkbox" : "radio", name: id, checked: initial.includes(each.value) });
      input.value = each.value;
      inputs.push(input);
      return el(
        "label",
        { class: "choice" },
        input,
        el("span", {}, textObject(each.text, ctx.names), each.description && el("small", {}, textObject(each.description, ctx.names))),
      );
    }),
  );
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  return {
    node,
    read: () => (many ? chosen() : (chosen()[0] ?? null)),
    write: (value) => inputs.forEach((input) => (input.checked = many ? value.includes(input.value) : input.value === value)),
  };
}

function inputBlock(block, ctx) {
  const item = block.element ?? {};
  const id = freshId("input");
  if (!FIELDS.includes(item.type)) return el("p", { class: "unknown" }, `[${item.type ?? "input"}]`);
  const field = drawField(item, ctx, block, id);
  const error = el("p", { class: "field-error", id: `${id}-error`, role: "alert" });
  ctx.fields?.push({ block_id: block.block_id, action_id: item.action_id, error, ...field });
  field.node.setAttribute("aria-describedby", error.id);
  if (block.dispatch_action) field.node.addEventListener("change", () => ctx.act(item, field.read()));
  return el(
    "div",
    { class: "block input" },
    el("label", { for: id }, plain(plainText(block.label)), block.optional && el("span", { class: "dim" }, " (optional)")),
    field.node,
    block.hint && el("p", { class: "hint" }, plain(plainText(block.hint))),
    error,
  );
}
