// Makes the manual's pages of what `aurora` and its commands say with --help: one page a command, its own commands with it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./node-binary.mjs";

/** Text as roff prints it: no line of it is a request, no hyphen becomes another sign. */
function escapeRoff(text) {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");
}

/** The names below `Commands:` of a help text, but `help`. */
function listCommands(help) {
  const section = /^Commands:\n((?: .*\n?|\n(?= ))*)/m.exec(help)?.[1] ?? "";
  return [...section.matchAll(/^ {2}([a-z][\w-]*)/gm)]
    .map((match) => match[1])
    .filter((name) => name !== "help");
}

/** The first paragraph after the usage line, in one line. */
function readPurpose(help) {
  return (help.split("\n\n")[1] ?? "").replace(/\s+/g, " ").replace(/\.$/, "");
}

function renderHelp(title, help) {
  return `.SH ${escapeRoff(title).toUpperCase()}\n.nf\n${escapeRoff(help.trimEnd())}\n.fi\n`;
}

/**
 * Writes the pages into `folder`. `program` is the command and its arguments that run aurora.
 * Returns their names.
 */
export function writeManPages(folder, program, { version, date }) {
  const helpOf = (path) =>
    run(program[0], [...program.slice(1), ...path, "--help"], {
      env: { ...process.env, COLUMNS: "76", NO_COLOR: "1" },
    });
  const general = helpOf([]);
  const commands = listCommands(general);
  if (commands.length < 5) throw new Error("aurora --help lists no commands any more");
  const write = (name, { purpose, sections, others }) => {
    const page = [
      `.TH ${name.toUpperCase()} 1 "${date}" "aurora\\-edge ${version}" "aurora\\-edge"\n`,
      `.SH NAME\n${escapeRoff(name)} \\- ${escapeRoff(purpose)}\n`,
      ...sections,
      `.SH SEE ALSO\n${others.map((other) => `.BR ${escapeRoff(other)} (1)`).join(",\n")}\n`,
    ];
    writeFileSync(join(folder, `${name}.1`), page.join(""));
    return `${name}.1`;
  };
  const pages = commands.map((command) => {
    const help = helpOf([command]);
    const inner = listCommands(help).map((name) => renderHelp(`${command} ${name}`, helpOf([command, name])));
    const sections = [renderHelp("description", help), ...inner];
    return write(`aurora-${command}`, {
      purpose: readPurpose(help) || command,
      sections,
      others: ["aurora"],
    });
  });
  const others = commands.map((command) => `aurora-${command}`);
  const sections = [renderHelp("description", general)];
  return [...pages, write("aurora", { purpose: readPurpose(general), sections, others })];
}
