// Builds DOM nodes. Content always enters as text nodes, never as markup.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "on") for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "value" || key === "checked" || key === "disabled") node[key] = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

const ICONS = {
  clip: "M10.5 5 6 9.5a1.5 1.5 0 0 0 2 2l5-5a3 3 0 0 0-4.2-4.2l-5 5a4.5 4.5 0 0 0 6.4 6.4l3.3-3.3",
  up: "M5 7v7H2.5V7H5zm0 0 3-5c1.2 0 1.8.9 1.6 2L9.2 6H13c.8 0 1.3.7 1.1 1.5l-1.3 5c-.2.9-.8 1.5-1.7 1.5H5",
  down: "M11 9V2h2.500v7H11zm0 0-3 5c-1.200 0-1.800-.9-1.600-2L6.800 10H3c-.8 0-1.300-.7-1.100-1.500l1.300-5C3.400 2.600 4 2 4.900 2H11",
  bin: "M3 4.500h10M6.500 4.500V3h3v1.500M4.500 4.500l.6 9h5.800l.6-9",
  image: "M2.500 3h11v10h-11zM2.500 11l3.500-3 2.500 2 2-1.500 3 2.500M10.500 6h.1",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(path);
  return svg;
}

let lastId = 0;
export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

export async function post(path, body) {
  const form = body instanceof FormData;
  const answer = await fetch(`/sandbox/${path}`, {
    method: "POST",
    headers: form ? {} : { "Content-Type": "application/json" },
    body: form ? body : JSON.stringify(body),
  });
  let data = {};
  try {
    data = await answer.json();
  } catch {
    data = { ok: false, error: `The sandbox answered ${answer.status}` };
  }
  if (!answer.ok || data.ok === false) throw new Error(data.error || `The sandbox answered ${answer.status}`);
  return data;
}
