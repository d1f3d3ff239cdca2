// Turns Discord's Markdown into DOM nodes, and typed text into Discord's wire text.

import { el } from "./dom.js";
import { bareUrl, FENCE, first, inline, ITEM, link, MAX_DEPTH, mention, pair, takeList } from "./text.js";

export function markdown(text, names) {
  return lines(String(text ?? "").replace(/\r\n?/g, "\n").split("\n"), names, 0);
}

function lines(all, names, depth) {
  const out = document.createDocumentFragment();
  const say = (line) => inline(line, RULES, names, 0);
  let at = 0;
  while (at < all.length) {
    const line = all[at];
    const fence = FENCE.exec(line);
    const heading = /^(#{1,3})\s+(\S.*)$/.exec(line);
    const small = /^-#\s+(\S.*)$/.exec(line);
    if (line.trim() === "") at += 1;
    else if (fence) {
      const body = [];
      at += 1;
      while (at < all.length && !all[at].trim().startsWith("```")) body.push(all[at++]);
      at += 1;
      out.append(el("pre", {}, el("code", {}, body.join("\n"))));
    } else if (/^>>>\s/.test(line) && depth < MAX_DEPTH) {
      const body = [line.replace(/^>>>\s/, ""), ...all.slice(at + 1)];
      out.append(el("blockquote", {}, lines(body, names, depth + 1)));
      at = all.length;
    } else if (/^>\s/.test(line) && depth < MAX_DEPTH) {
      const body = [];
      while (at < all.length && /^>\s/.test(all[at])) body.push(all[at++].slice(2));
      out.append(el("blockquote", {}, lines(body, names, depth + 1)));
    } else if (heading) {
      const level = heading[1].length;
      out.append(el("p", { class: `heading h${level}`, role: "heading", "aria-level": level + 3 }, say(heading[2])));
      at += 1;
    } else if (small) {
      out.append(el("p", { class: "subtext" }, say(small[1])));
      at += 1;
    } else if (ITEM.test(line) && !/^\s*[+•]/.test(line) && depth < MAX_DEPTH) {
      const taken = takeList(all, at, names, depth, lines);
      out.append(taken.node);
      at = taken.end;
    } else {
      const paragraph = el("p", {}, say(line));
      at += 1;
      while (at < all.length && all[at].trim() !== "" && !startsBlock(all[at])) {
        paragraph.append(el("br"), say(all[at]));
        at += 1;
      }
      out.append(paragraph);
    }
  }
  return out;
}

const startsBlock = (line) => FENCE.test(line) || ITEM.test(line) || /^(#{1,3}\s+\S|-#\s+\S|>\s|>>>\s)/.test(line);

function code(text, at) {
  const ticks = /^`+/.exec(text.slice(at, at + 40))[0];
  const close = text.indexOf(ticks, at + ticks.length);
  if (close === -1) return null;
  return { node: el("code", {}, text.slice(at + ticks.length, close).trim()), end: close + ticks.length };
}

function angle(text, at, names) {
  const close = text.indexOf(">", at);
  if (close === -1 || close - at > 2000) return null;
  const inside = text.slice(at + 1, close);
  const end = close + 1;
  const [, kind, id] = /^(@!?|@&|#)(\d+)$/.exec(inside) ?? [];
  if (kind === "#") return { node: mention(`#${names?.channel?.(id) ?? "unknown"}`), end };
  if (kind === "@&") return { node: mention(`@${names?.role?.(id) ?? "role"}`, "crowd"), end };
  if (kind) return { node: mention(`@${names?.person?.(id) ?? "unknown"}`), end };
  const stamp = /^t:(-?\d{1,13})(?::([tTdDfFR]))?$/.exec(inside);
  if (stamp) return { node: moment(Number(stamp[1]), stamp[2] ?? "f"), end };
  const custom = /^a?:(\w{2,32}):\d+$/.exec(inside);
  if (custom) return { node: document.createTextNode(`:${custom[1]}:`), end };
  const command = /^\/([\p{L}\p{N} _-]{1,100}):\d+$/u.exec(inside);
  if (command) return { node: mention(`/${command[1]}`), end };
  if (/^https?:\/\/[^\s<>]+$/i.test(inside)) return { node: link(inside), end };
  return null;
}

const SPANS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function moment(seconds, style) {
  const when = new Date(seconds * 1000);
  if (Number.isNaN(when.getTime())) return document.createTextNode("invalid date");
  return el("time", { datetime: when.toISOString(), title: when.toLocaleString() }, style === "R" ? fromNow(seconds) : when.toLocaleString());
}

function fromNow(seconds) {
  const away = seconds - Date.now() / 1000;
  const [unit, length] = SPANS.find((each) => Math.abs(away) >= each[1]) ?? SPANS.at(-1);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(away / length), unit);
}

// `names.crowd` says whether it really called everybody: most are only words.
function crowd(text, at, names) {
  const found = /^@(everyone|here)\b/.exec(text.slice(at, at + 10));
  return found && names?.crowd?.(found[0]) ? { node: mention(found[0], "crowd"), end: at + found[0].length } : null;
}

function maskedLink(text, at, names, depth) {
  const found = /^\[([^\][\n]{1,500})\]\(<?(https?:\/\/[^()\s<>]{1,2000}(?:\([^()\s]*\)[^()\s<>]*)?)>?(?:\s+"[^"\n]*")?\)/i.exec(
    text.slice(at, at + 2600),
  );
  if (!found) return null;
  const node = link(found[2], "");
  if (node.nodeType === Node.TEXT_NODE) return null;
  node.replaceChildren(inline(found[1], LABEL, names, depth + 1));
  return { node, end: at + found[0].length };
}

function spoiler(text, at, names, depth) {
  if (!text.startsWith("||", at)) return null;
  const close = text.indexOf("||", at + 2);
  if (close === -1 || close === at + 2) return null;
  const inner = inline(text.slice(at + 2, close), RULES, names, depth + 1);
  return { node: el("span", { class: "spoiler", tabindex: 0, title: "Spoiler" }, inner), end: close + 2 };
}

function backslash(text, at) {
  const next = text[at + 1];
  return next && /[^\p{L}\p{N}\s]/u.test(next) ? { node: document.createTextNode(next), end: at + 2 } : null;
}

const literally = (text) => text;
const RULES = {
  decode: literally,
  "\\": backslash,
  "<": angle,
  "`": code,
  "@": crowd,
  h: bareUrl,
  "[": maskedLink,
  "|": spoiler,
  "*": first(pair("***", "strong", () => RULES), pair("**", "strong", () => RULES), pair("*", "em", () => RULES)),
  _: first(pair("__", "u", () => RULES), pair("_", "em", () => RULES)),
  "~": pair("~~", "s", () => RULES),
};
const { "[": _noLinksInLinks, h: _noUrlsInLinks, "<": _noAnglesInLinks, ...LABEL } = RULES;

// Discord's own client resolves names before it sends them.
export function toWire(typed, { people, channels }) {
  return typed
    .replace(/(^|[\s(])@([\p{L}\p{N}._-]*[\p{L}\p{N}])/gu, (whole, before, name) => {
      const person = people.find((each) => each.name?.toLowerCase() === name.toLowerCase());
      return person ? `${before}<@${person.id}>` : whole;
    })
    .replace(/(^|[\s(])#([\p{L}\p{N}_-]+)/gu, (whole, before, name) => {
      const channel = channels.find((each) => each.name === name);
      return channel ? `${before}<#${channel.id}>` : whole;
    });
}

// The wire text as it was typed, for a person who edits it.
export function fromWire(text, { people, channels }) {
  const name = (list, id) => list.find((each) => each.id === id)?.name ?? id;
  return String(text ?? "")
    .replace(/<@!?(\d+)>/g, (_, id) => `@${name(people, id)}`)
    .replace(/<#(\d+)>/g, (_, id) => `#${name(channels, id)}`);
}
