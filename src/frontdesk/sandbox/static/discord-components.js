// Draws embeds and message components. `ctx` gives names, file(component) and press(custom_id, values).

import { el } from "./dom.js";
import { link, picture } from "./text.js";
import { markdown } from "./discord-text.js";

const STYLES = { 1: "primary", 2: "", 3: "success", 4: "danger", 5: "" };

export function drawEmbeds(embeds, ctx) {
  return (embeds ?? []).map((embed) => {
    const node = el(
      "div",
      { class: "embed" },
      embed.author?.name && el("p", { class: "dim" }, embed.author.name),
      embed.title && el("p", { class: "embed-title", dir: "auto" }, embed.url ? link(embed.url, embed.title) : embed.title),
      embed.description && el("div", { class: "prose", dir: "auto" }, markdown(embed.description, ctx.names)),
      (embed.fields ?? []).length > 0 &&
        el(
          "div",
          { class: "fields" },
          embed.fields.map((field) =>
            el("div", { class: field.inline ? "field" : "field whole" }, el("strong", {}, field.name), el("div", {}, markdown(field.value, ctx.names))),
          ),
        ),
      embed.image?.url && picture("embedded image"),
      embed.footer?.text && el("p", { class: "dim small" }, embed.footer.text),
    );
    colour(node, embed.color);
    return node;
  });
}

function colour(node, given) {
  if (Number.isInteger(given)) node.style.setProperty("--stripe", `#${given.toString(16).padStart(6, "0").slice(-6)}`);
}

export function drawComponents(components, ctx) {
  return (components ?? []).map((each) => draw(each, ctx)).filter(Boolean);
}

function draw(component, ctx) {
  const drawing = DRAW[component?.type];
  return drawing ? drawing(component, ctx) : el("p", { class: "unknown" }, `[component ${component?.type}]`);
}

const DRAW = {
  1: (row, ctx) => el("div", { class: "block actions" }, drawComponents(row.components, ctx)),
  2: button,
  3: (item, ctx) => select(item, ctx, (item.options ?? []).map((each) => ({ ...each, chosen: each.default }))),
  5: (item, ctx) => select(item, ctx, ctx.people()),
  6: (item, ctx) => select(item, ctx, ctx.roles()),
  7: (item, ctx) => select(item, ctx, [...ctx.people(), ...ctx.roles()]),
  8: (item, ctx) => select(item, ctx, ctx.channels()),
  9: (section, ctx) =>
    el(
      "div",
      { class: "block section" },
      el("div", { class: "section-text" }, drawComponents(section.components, ctx)),
      section.accessory && el("div", { class: "accessory" }, draw(section.accessory, ctx)),
    ),
  10: (item, ctx) => el("div", { class: "block prose", dir: "auto" }, markdown(item.content, ctx.names)),
  11: (item) => picture(item.description || "thumbnail"),
  12: (item) => el("div", { class: "block actions" }, (item.items ?? []).map((each) => picture(each.description || "picture"))),
  13: (item, ctx) => ctx.file(item),
  14: (item) => (item.divider === false ? el("div", { class: "block gap" }) : el("hr", { class: "block" })),
  17(container, ctx) {
    const node = el("div", { class: "embed container" }, drawComponents(container.components, ctx));
    colour(node, container.accent_color);
    return node;
  },
};

function label(item) {
  const sign = item.emoji?.id ? `:${item.emoji.name}:` : item.emoji?.name;
  return [sign, item.label].filter(Boolean).join(" ") || "button";
}

function button(item, ctx) {
  if (item.style === 5) {
    const node = link(item.url ?? "", label(item));
    if (node instanceof HTMLAnchorElement) node.className = "button";
    return node;
  }
  const node = el(
    "button",
    { type: "button", class: `button ${STYLES[item.style] ?? ""}`, data: { action: item.custom_id ?? "" }, disabled: Boolean(item.disabled) },
    label(item),
  );
  node.addEventListener("click", () => held(node, () => ctx.press(item.custom_id, [])));
  return node;
}

// Not `disabled`, which would take the focus away.
async function held(node, act) {
  if (node.ariaDisabled === "true") return;
  node.ariaDisabled = "true";
  try {
    await act();
  } finally {
    node.ariaDisabled = "false";
  }
}

function select(item, ctx, options) {
  const many = (item.max_values ?? 1) > 1;
  const node = el(
    "select",
    { multiple: many, "aria-label": item.placeholder || "Choose", data: { action: item.custom_id ?? "" }, disabled: Boolean(item.disabled) },
    !many && el("option", { value: "" }, item.placeholder || "Choose…"),
    options.map((each) => el("option", { value: each.value, selected: Boolean(each.chosen) }, each.label)),
  );
  node.addEventListener("change", () => {
    const values = [...node.selectedOptions].map((each) => each.value).filter(Boolean);
    if (values.length >= (item.min_values ?? 1)) held(node, () => ctx.press(item.custom_id, values));
  });
  return node;
}
