// Shows why the desk answered as it did: the trace of the last turn.

import { el } from "./dom.js";

const seconds = (value) => (typeof value === "number" ? `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s` : "–");
const percent = (value) => `${Math.round(value * 100)}%`;

export class Trace {
  constructor(node) {
    this.node = node;
    this.line = el("span", { class: "trace-line" });
    this.body = el("div", { class: "trace-body" });
    this.shown = null;
    const box = el("details", { class: "trace", open: true }, el("summary", {}, el("h2", {}, "Last turn"), this.line), this.body);
    node.append(box);
    this.draw({});
  }

  async refresh() {
    try {
      const answer = await fetch("/sandbox/trace");
      if (answer.ok) this.draw(await answer.json());
    } catch {
      // The desk may be restarting: the next refresh tries again.
    }
  }

  draw(trace) {
    const stamp = JSON.stringify(trace);
    if (stamp === this.shown) return;
    this.shown = stamp;
    if (!trace || Object.keys(trace).length === 0) {
      this.line.replaceChildren("Ask something, and this shows why the desk answered as it did.");
      this.body.replaceChildren();
      return;
    }
    this.line.replaceChildren(...summary(trace));
    this.body.replaceChildren(decision(trace), passages(trace), work(trace));
  }
}

function summary(trace) {
  const steps = trace.steps ?? [];
  const total = (key) => steps.reduce((sum, step) => sum + (step[key] ?? 0), 0);
  return [
    el("span", { class: `outcome ${/^[a-z_]+$/.test(trace.outcome ?? "") ? trace.outcome : ""}` }, words(trace.outcome) || "running"),
    el("span", {}, seconds(trace.seconds)),
    el("span", {}, `${total("input_tokens")} → ${total("output_tokens")} tokens`),
    trace.rule && el("span", {}, `rule: ${words(trace.rule)}`),
  ].filter(Boolean);
}

const words = (value) => String(value ?? "").replace(/_/g, " ");

function decision(trace) {
  const triage = trace.triage ?? {};
  const rows = [
    ["Category", triage.category],
    ["Tier", triage.tier],
    ["Priority", triage.priority],
    ["Sentiment", triage.sentiment],
    ["Language", triage.language ?? trace.language],
    ["Confidence", typeof triage.confidence === "number" ? percent(triage.confidence) : null],
    ["Needs a person", triage.needs_human === undefined ? null : triage.needs_human ? "yes" : "no"],
    ["Decided by", triage.source],
    ["Rule", trace.rule ? words(trace.rule) : "none"],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el(
    "section",
    { "aria-label": "Triage" },
    el("h3", {}, "Triage"),
    triage.reason && el("p", { class: "reason", dir: "auto" }, triage.reason),
    el("dl", {}, rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
  );
}

function passages(trace) {
  const found = trace.passages ?? [];
  const best = Math.max(0.0001, ...found.map((passage) => passage.score ?? 0));
  return el(
    "section",
    { "aria-label": "Passages" },
    el("h3", {}, "Passages"),
    trace.query && el("p", { class: "reason", dir: "auto" }, `Searched: ${trace.query}`),
    found.length === 0
      ? el("p", { class: "dim" }, "None looked up.")
      : el(
          "ol",
          { class: "passages" },
          found.map((passage) => {
            const bar = el("span", { class: "bar", "aria-hidden": "true" }, el("i"));
            bar.firstElementChild.style.setProperty("width", percent(Math.max(0.02, (passage.score ?? 0) / best)));
            return el(
              "li",
              { class: passage.used ? "used" : "" },
              el("span", { class: "number" }, passage.number ?? ""),
              el("span", { class: "passage-title", dir: "auto" }, passage.title ?? passage.article ?? ""),
              el("span", { class: "mark" }, passage.used ? "✓ used" : ""),
              bar,
              el(
                "span",
                { class: "dim" },
                typeof passage.score === "number" ? passage.score.toFixed(2) : "",
                typeof passage.coverage === "number" ? ` · covers ${percent(passage.coverage)}` : "",
              ),
            );
          }),
        ),
  );
}

function work(trace) {
  const steps = trace.steps ?? [];
  const tools = trace.tools ?? [];
  const events = trace.events ?? [];
  return el(
    "section",
    { "aria-label": "Steps" },
    el("h3", {}, "Steps"),
    steps.length === 0
      ? el("p", { class: "dim" }, "No model call.")
      : el(
          "div",
          { class: "table-scroll", tabindex: 0, role: "group", "aria-label": "Steps table" },
          el(
            "table",
            {},
            el("thead", {}, el("tr", {}, ["Task", "Time", "First", "Tokens", "End"].map((name) => el("th", { scope: "col" }, name)))),
            el(
              "tbody",
              {},
              steps.map((step) =>
                el(
                  "tr",
                  { title: step.model ?? "" },
                  el("td", {}, step.task ?? ""),
                  el("td", {}, seconds(step.seconds)),
                  el("td", {}, seconds(step.first_token)),
                  el("td", {}, `${step.input_tokens ?? "–"} → ${step.output_tokens ?? "–"}`),
                  el("td", {}, words(step.finish)),
                ),
              ),
            ),
          ),
        ),
    tools.length > 0 && el("h3", {}, "Tools"),
    tools.map((tool) =>
      el(
        "div",
        { class: "tool-call" },
        el("code", {}, `${tool.name}(${typeof tool.arguments === "string" ? tool.arguments : JSON.stringify(tool.arguments ?? {})})`),
        el("span", { class: "dim" }, ` ${seconds(tool.seconds)}`),
        el("div", { dir: "auto" }, typeof tool.result === "string" ? tool.result : JSON.stringify(tool.result ?? null)),
      ),
    ),
    events.length > 0 &&
      el(
        "details",
        { class: "events" },
        el("summary", {}, `${events.length} moments`),
        el("ol", {}, events.map((each) => el("li", {}, el("span", { class: "dim" }, `${Math.round(each.at_ms ?? 0)} ms `), words(each.what)))),
      ),
  );
}
