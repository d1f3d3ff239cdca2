// Turns Slack's mrkdwn and Markdown into DOM nodes, and typed text into Slack's wire text.

import { el, icon } from "./dom.js";

export const MAX_DEPTH = 6;
const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", eyes: "👀", white_check_mark: "✅", heavy_check_mark: "✔️",
  x: "❌", warning: "⚠️", rotating_light: "🚨", hourglass: "⌛", hourglass_flowing_sand: "⏳", alarm_clock: "⏰",
  speech_balloon: "💬", ticket: "🎫", admission_tickets: "🎟️", memo: "📝", page_facing_up: "📄", books: "📚", book: "📖",
  bust_in_silhouette: "👤", busts_in_silhouette: "👥", robot_face: "🤖", raised_hand: "✋", raising_hand: "🙋", wave: "👋",
  tada: "🎉", pray: "🙏", smile: "😄", slightly_smiling_face: "🙂", thinking_face: "🤔", red_circle: "🔴",
  large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵", white_circle: "⚪",
  zzz: "💤", sleeping: "😴", lock: "🔒", unlock: "🔓", link: "🔗", mag: "🔍", star: "⭐", fire: "🔥", bell: "🔔",
  inbox_tray: "📥", outbox_tray: "📤", arrow_right: "➡️", leftwards_arrow_with_hook: "↩️", no_entry: "⛔", stop_sign: "🛑",
  bulb: "💡", label: "🏷️", heart: "❤️", telephone_receiver: "📞", globe_with_meridians: "🌐", paperclip: "📎", pushpin: "📌",
};

export const emoji = (name) => EMOJI[String(name).split("::")[0]] ?? `:${name}:`;

export const unescape = (text) => text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);

export function link(url, label) {
  const shown = label ?? url;
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    return document.createTextNode(shown === url ? shown : `${shown} (${url})`);
  }
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:")
    return document.createTextNode(shown === url ? shown : `${shown} (${url})`);
  return el("a", { href: parsed.href, target: "_blank", rel: "noopener noreferrer nofollow", title: parsed.href }, shown);
}

// `names` answers person(id) and channel(id) with a name or undefined.
export function mrkdwn(text, names) {
  const out = document.createDocumentFragment();
  const pieces = String(text ?? "").split(/```/);
  pieces.forEach((piece, index) => {
    const fenced = index % 2 === 1 && index < pieces.length - 1;
    if (fenced) {
      out.append(el("pre", {}, el("code", {}, unescape(piece.replace(/^\n/, "").replace(/\n$/, "")))));
      return;
    }
    const source = index % 2 === 1 ? "```" + piece : piece;
    appendLines(out, source, (line) => inline(line, MRKDWN, names, 0));
  });
  return out;
}

function appendLines(out, text, render) {
  const lines = text.replace(/^\n|\n$/g, "").split("\n");
  if (lines.length === 1 && lines[0] === "") return;
  let paragraph = null;
  let quote = null;
  for (const line of lines) {
    const quoted = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (quoted) {
      paragraph = null;
      if (quote) quote.append(el("br"));
      else out.append((quote = el("blockquote")));
      quote.append(render(quoted[1]));
      continue;
    }
    quote = null;
    if (line.trim() === "") {
      paragraph = null;
      continue;
    }
    if (paragraph) paragraph.append(el("br"));
    else out.append((paragraph = el("p")));
    paragraph.append(render(line));
  }
}

export function plain(text) {
  return document.createTextNode(String(text ?? "").replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole));
}

// --- inline ------------------------------------------------------------------------------------

// A set of rules may bring its own `decode` for what is plain text.
export function inline(text, rules, names, depth) {
  const decode = rules.decode ?? unescape;
  const out = document.createDocumentFragment();
  let waiting = "";
  const flush = () => {
    if (waiting) out.append(decode(waiting));
    waiting = "";
  };
  let at = 0;
  while (at < text.length) {
    const rule = depth < MAX_DEPTH ? rules[text[at]] : undefined;
    const found = rule?.(text, at, names, depth);
    if (found) {
      flush();
      out.append(found.node);
      at = found.end;
    } else {
      waiting += text[at];
      at += 1;
    }
  }
  flush();
  return out;
}

export const wordBefore = (text, at) => at > 0 && /[\p{L}\p{N}]/u.test(text[at - 1]);
const wordAt = (text, at) => at < text.length && /[\p{L}\p{N}]/u.test(text[at]);

export function pair(mark, tag, rulesOf) {
  return (text, at, names, depth) => {
    if (!text.startsWith(mark, at) || wordBefore(text, at)) return null;
    const start = at + mark.length;
    if (start >= text.length || /\s/.test(text[start]) || text.startsWith(mark[0], start)) return null;
    for (let close = text.indexOf(mark, start + 1); close !== -1; close = text.indexOf(mark, close + 1)) {
      const end = close + mark.length;
      if (/\s/.test(text[close - 1]) || wordAt(text, end)) continue;
      if (mark.length === 1 && text[end] === mark) {
        close = end;
        continue;
      }
      return { node: el(tag, {}, inline(text.slice(start, close), rulesOf(), names, depth + 1)), end };
    }
    return null;
  };
}

function codeSpan(text, at) {
  const ticks = /^`+/.exec(text.slice(at, at + 40))[0];
  const close = text.indexOf(ticks, at + ticks.length);
  if (close === -1) return null;
  return {
    node: el("code", {}, unescape(text.slice(at + ticks.length, close).trim())),
    end: close + ticks.length,
  };
}

function angle(text, at, names) {
  const close = text.indexOf(">", at);
  if (close === -1 || close - at > 3000) return null;
  const inside = text.slice(at + 1, close);
  if (/[<\n]/.test(inside) || inside === "") return null;
  const bar = inside.indexOf("|");
  const target = bar === -1 ? inside : inside.slice(0, bar);
  const label = bar === -1 ? null : unescape(inside.slice(bar + 1));
  const end = close + 1;
  if (/^@[A-Z0-9]+$/.test(target))
    return { node: mention(`@${names?.person?.(target.slice(1)) ?? label ?? target.slice(1)}`), end };
  if (/^#[A-Z0-9]+$/.test(target)) return { node: mention(`#${names?.channel?.(target.slice(1)) ?? label ?? target.slice(1)}`), end };
  if (/^!(channel|here|everyone)$/.test(target)) return { node: mention(`@${target.slice(1)}`, "crowd"), end };
  if (target.startsWith("!subteam^")) return { node: mention(label ?? "@team", "crowd"), end };
  if (target.startsWith("!date^")) return { node: dateNode(target, label), end };
  if (/^https?:\/\//i.test(target)) return { node: link(unescape(target), label), end };
  if (/^mailto:/i.test(target)) return { node: document.createTextNode(label ?? target.slice(7)), end };
  return null;
}

export function mention(shown, kind = "one") {
  return el("span", { class: kind === "crowd" ? "mention crowd" : "mention" }, el("bdi", {}, shown));
}

function dateNode(target, label) {
  const seconds = Number(target.split("^")[1]);
  if (!Number.isFinite(seconds)) return document.createTextNode(label ?? target);
  const when = new Date(seconds * 1000);
  return el("time", { datetime: when.toISOString() }, when.toLocaleString());
}

export function bareUrl(text, at) {
  if (wordBefore(text, at)) return null;
  const found = /^https?:\/\/[^\s<>`"|*]+/i.exec(text.slice(at, at + 2000));
  if (!found) return null;
  const url = found[0].replace(/[.,;:!?)\]}'_~]+$/, "");
  return { node: link(unescape(url)), end: at + url.length };
}

function shortcode(text, at) {
  const found = /^:([a-z0-9_+-]{1,40}):/.exec(text.slice(at, at + 44));
  return found && EMOJI[found[1]] ? { node: document.createTextNode(EMOJI[found[1]]), end: at + found[0].length } : null;
}

const MRKDWN = {
  "<": angle,
  "`": codeSpan,
  ":": shortcode,
  h: bareUrl,
  "*": pair("*", "strong", () => MRKDWN),
  _: pair("_", "em", () => MRKDWN),
  "~": pair("~", "s", () => MRKDWN),
};

export const first =
  (...rules) =>
  (...args) => {
    for (const rule of rules) {
      const found = rule(...args);
      if (found) return found;
    }
    return null;
  };

function bracketLink(text, at, names, depth) {
  const found = /^\[([^\][\n]{0,500})\]\(\s*<?([^()\s<>]{1,2000}(?:\([^()\s]*\)[^()\s<>]*)?)>?(?:\s+"[^"\n]*")?\s*\)/.exec(text.slice(at, at + 2600));
  if (!found) return null;
  const end = at + found[0].length;
  const node = link(unescape(found[2]), null);
  if (node.nodeType === Node.TEXT_NODE) return { node: document.createTextNode(`${unescape(found[1])} (${unescape(found[2])})`), end };
  node.replaceChildren(inline(found[1], LABEL, names, depth + 1));
  return { node, end };
}

function imageMark(text, at) {
  const found = /^!\[([^\]\n]{0,500})\]\(([^)\s]{1,2000})\)/.exec(text.slice(at, at + 2600));
  return found ? { node: picture(found[1]), end: at + found[0].length } : null;
}

function backslash(text, at) {
  const next = text[at + 1];
  return next && /[\\`*_{}[\]()#+\-.!~>|<&]/.test(next) ? { node: document.createTextNode(next), end: at + 2 } : null;
}

const MARKDOWN = {
  "\\": backslash,
  "<": angle,
  "`": codeSpan,
  ":": shortcode,
  h: bareUrl,
  "[": bracketLink,
  "!": imageMark,
  "*": first(pair("***", "strong", () => MARKDOWN), pair("**", "strong", () => MARKDOWN), pair("*", "em", () => MARKDOWN)),
  _: first(pair("__", "strong", () => MARKDOWN), pair("_", "em", () => MARKDOWN)),
  "~": first(pair("~~", "s", () => MARKDOWN), pair("~", "s", () => MARKDOWN)),
};
const { "[": _noLinksInLinks, h: _noUrlsInLinks, "<": _noAnglesInLinks, ...LABEL } = MARKDOWN;

export function picture(alt) {
  return el("span", { class: "picture", role: "img", "aria-label": `Image: ${alt || "no description"}` }, icon("image"), " ", alt || "image");
}

// --- Markdown blocks ---------------------------------------------------------------------------

export function markdown(text, names) {
  return markdownLines(String(text ?? "").replace(/\r\n?/g, "\n").split("\n"), names, 0);
}

export const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])\s+(.*)$/;
export const FENCE = /^\s{0,3}(```+|~~~+)\s*([^`]*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

function markdownLines(lines, names, depth) {
  const out = document.createDocumentFragment();
  const say = (line) => inline(line, MARKDOWN, names, 0);
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    const fence = FENCE.exec(line);
    const heading = /^\s{0,3}(#{1,6})\s+(.*)$/.exec(line);
    if (line.trim() === "") at += 1;
    else if (fence) {
      const body = [];
      at += 1;
      while (at < lines.length && !lines[at].trim().startsWith(fence[1])) body.push(lines[at++]);
      at += 1;
      out.append(el("pre", {}, el("code", {}, body.join("\n"))));
    } else if (heading) {
      out.append(el("p", { class: `heading h${heading[1].length}`, role: "heading", "aria-level": heading[1].length + 3 }, say(heading[2].trim().replace(/\s#+$/, ""))));
      at += 1;
    } else if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) {
      out.append(el("hr"));
      at += 1;
    } else if (/^\s{0,3}(>|&gt;)/.test(line) && depth < MAX_DEPTH) {
      const body = [];
      while (at < lines.length && /^\s{0,3}(>|&gt;)/.test(lines[at])) body.push(lines[at++].replace(/^\s{0,3}(>|&gt;) ?/, ""));
      out.append(el("blockquote", {}, markdownLines(body, names, depth + 1)));
    } else if (line.includes("|") && at + 1 < lines.length && lines[at + 1].includes("-") && lines[at + 1].length < 500 && TABLE_RULE.test(lines[at + 1])) {
      const rows = [line];
      at += 2;
      while (at < lines.length && lines[at].includes("|")) rows.push(lines[at++]);
      out.append(table(rows.map(cells), say));
    } else if (ITEM.test(line) && depth < MAX_DEPTH) {
      const taken = takeList(lines, at, names, depth);
      out.append(taken.node);
      at = taken.end;
    } else {
      const paragraph = el("p", {}, say(line.trim()));
      at += 1;
      while (at < lines.length && lines[at].trim() !== "" && !startsBlock(lines[at])) {
        paragraph.append(el("br"), say(lines[at].trim()));
        at += 1;
      }
      out.append(paragraph);
    }
  }
  return out;
}

const startsBlock = (line) => FENCE.test(line) || ITEM.test(line) || /^\s{0,3}(#{1,6}\s|>|&gt;)/.test(line);

// `draw` makes nodes of an item's lines.
export function takeList(lines, start, names, depth, draw = markdownLines) {
  const [, indent, mark] = ITEM.exec(lines[start]);
  const ordered = /\d/.test(mark);
  const list = el(ordered ? "ol" : "ul", ordered && parseInt(mark, 10) !== 1 ? { start: parseInt(mark, 10) } : {});
  let at = start;
  while (at < lines.length) {
    const item = ITEM.exec(lines[at]);
    if (!item || item[1].length > indent.length + 1 || item[1].length < indent.length || /\d/.test(item[2]) !== ordered) break;
    const body = [item[3]];
    at += 1;
    while (at < lines.length && (/^\s{2,}\S/.test(lines[at]) || (lines[at].trim() === "" && /^\s{2,}\S/.test(lines[at + 1] ?? "")))) {
      const inner = ITEM.exec(lines[at]);
      if (inner && inner[1].length <= indent.length + 1) break;
      body.push(lines[at].slice(Math.min(indent.length + 2, lines[at].length - lines[at].trimStart().length)));
      at += 1;
    }
    while (at < lines.length && lines[at].trim() === "" && ITEM.test(lines[at + 1] ?? "")) at += 1;
    const entry = el("li", {}, draw(body, names, depth + 1));
    const only = entry.firstElementChild;
    if (only && only.tagName === "P" && !only.className) only.replaceWith(...only.childNodes);
    list.append(entry);
  }
  if (at === start) at = start + 1;
  return { node: list, end: at };
}

const cells = (row) =>
  row
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replace(/\\\|/g, "|"));

export function table(rows, say) {
  const [head, ...body] = rows;
  return el(
    "div",
    { class: "table-scroll", tabindex: 0, role: "group", "aria-label": "Table" },
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, head.map((cell) => el("th", { scope: "col" }, say(cell))))),
      el("tbody", {}, body.map((row) => el("tr", {}, row.map((cell) => el("td", {}, say(cell)))))),
    ),
  );
}

// Slack's own client escapes typed text and resolves names and links before it sends them.
export function toWire(typed, { people, channels }) {
  const escaped = typed.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return escaped
    .replace(/(^|[\s(])@([\p{L}\p{N}._-]*[\p{L}\p{N}])/gu, (whole, before, name) => {
      if (/^(channel|here|everyone)$/.test(name)) return `${before}<!${name}>`;
      const person = people.find((each) => each.name?.toLowerCase() === name.toLowerCase());
      return person ? `${before}<@${person.id}>` : whole;
    })
    .replace(/(^|[\s(])#([\p{L}\p{N}_-]+)/gu, (whole, before, name) => {
      const channel = channels.find((each) => each.name === name);
      return channel ? `${before}<#${channel.id}|${channel.name}>` : whole;
    })
    .replace(/(^|[\s(])(https?:\/\/[^\s<>|]+?)(?=[.,;:!?)]*(?:\s|$))/g, "$1<$2>");
}

// The wire text as it was typed, for a person who edits it.
export function fromWire(text, names) {
  return unescape(
    String(text ?? "")
      .replace(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g, (_, id) => `@${names.person(id) ?? id}`)
      .replace(/<#([A-Z0-9]+)(?:\|([^>]*))?>/g, (_, id, label) => `#${names.channel(id) ?? label ?? id}`)
      .replace(/<!(channel|here|everyone)>/g, "@$1")
      .replace(/<([^<>|]+)(?:\|[^<>]*)?>/g, "$1"),
  );
}
