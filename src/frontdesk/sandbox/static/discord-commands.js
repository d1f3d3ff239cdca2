// Reads a typed slash command with the definitions that the app registered.

const SUBCOMMAND = 1;
const GROUP = 2;
const GIVEN = /([\p{L}\p{N}_-]+):("[^"]*"|\S*)/gu;

// Every command that can be run: its words after the slash, its description and its options.
export function runnable(commands) {
  const found = [];
  const walk = (place, words) => {
    const below = (place.options ?? []).filter((each) => each.type === SUBCOMMAND || each.type === GROUP);
    if (below.length === 0) found.push({ words, description: place.description ?? "", options: place.options ?? [] });
    for (const each of below) walk(each, [...words, each.name]);
  };
  for (const command of commands) walk(command, [command.name]);
  return found;
}

// The command that stands at the beginning of what was typed; the longest wins.
export function commandIn(typed, commands) {
  const text = typed.slice(1);
  return runnable(commands)
    .filter(({ words }) => text === words.join(" ") || text.startsWith(`${words.join(" ")} `))
    .sort((one, other) => other.words.length - one.words.length)[0];
}

// What is sent for a typed command; `wire` knows people and channels by name.
export function parse(typed, commands, wire) {
  const found = commandIn(typed, commands);
  if (!found) throw new Error(`There is no such command. Known: ${runnable(commands).map((each) => `/${each.words.join(" ")}`).join(", ") || "none"}`);
  const rest = typed.slice(1 + found.words.join(" ").length).trim();
  const given = new Map();
  for (const [, name, value] of rest.matchAll(GIVEN))
    if (found.options.some((each) => each.name === name)) given.set(name, value.replace(/^"|"$/g, ""));
  // A single text needs no name in front of it.
  if (given.size === 0 && rest && found.options.length > 0) given.set((found.options.find((each) => each.required) ?? found.options[0]).name, rest);
  const options = {};
  for (const [name, value] of given) options[name] = valueOf(found.options.find((each) => each.name === name), value, wire);
  const [command, ...sub] = found.words;
  return { command, sub: sub.join(" "), options };
}

function valueOf(option, text, { people, channels }) {
  const named = (list, name) => list.find((each) => each.id === name || each.name.toLowerCase() === name.toLowerCase())?.id ?? name;
  const choice = (option.choices ?? []).find((each) => each.name.toLowerCase() === text.toLowerCase());
  if (choice) return choice.value;
  switch (option.type) {
    case 4:
    case 10:
      return Number(text);
    case 5:
      return /^(true|yes|1)$/i.test(text);
    case 6:
      return named(people, text.replace(/^@/, ""));
    case 7:
      return named(channels, text.replace(/^#/, ""));
    default:
      return text;
  }
}

// The option that is being typed at the end, if the app offers values for it.
export function offered(typed, commands) {
  const found = commandIn(typed, commands);
  const [, name, value] = /([\p{L}\p{N}_-]+):("?[^":]*)$/u.exec(typed) ?? [];
  const option = found?.options.find((each) => each.name === name && each.autocomplete);
  if (!option) return null;
  const [command, ...sub] = found.words;
  return { command, sub: sub.join(" "), option: name, typed: value.replace(/^"/, ""), start: typed.length - value.length };
}
