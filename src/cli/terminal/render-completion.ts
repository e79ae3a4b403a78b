/** Completion scripts for shells from a tree of commands. Text in, text out. */
import type { Command } from "commander";

/** A command, or a command of a command, with what may follow it. */
interface Place {
  /** Words after `aurora`, `""` for none. */
  readonly path: string;
  readonly commands: readonly Command[];
  readonly options: readonly { readonly flag: string; readonly description: string }[];
}

/** For bash, and zsh through its bashcompinit: subcommands, options, else files. */
export function renderBashCompletion(commands: readonly Command[]): string {
  const places = listPlaces(commands);
  const cases = places.map(({ path, commands: children, options }) => {
    const words = [...children.map((child) => child.name()), ...options.map(({ flag }) => flag)];
    return `    "${path}") words="${words.join(" ")}" ;;`;
  });
  const paths = places
    .map(({ path }) => `    "${path}") place="$next" ;;`)
    .filter((line) => !/^ {4}""/.test(line));
  return [
    "_aurora() {",
    `  local current="\${COMP_WORDS[COMP_CWORD]}" place="" next words="" index`,
    "  for ((index = 1; index < COMP_CWORD; index++)); do",
    `    next="\${place:+$place }\${COMP_WORDS[index]}"`,
    '    case "$next" in',
    ...paths,
    "    esac",
    "  done",
    '  case "$place" in',
    ...cases,
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    "complete -o default -F _aurora aurora",
    "",
  ].join("\n");
}

/** For fish, with descriptions. */
export function renderFishCompletion(commands: readonly Command[]): string {
  const lines: string[] = [];
  for (const { path, commands: children, options } of listPlaces(commands)) {
    const names = children.map((child) => child.name());
    const seen = path
      .split(" ")
      .filter((word) => word !== "")
      .map((word) => `__fish_seen_subcommand_from ${word}`);
    const here =
      path === ""
        ? ["__fish_use_subcommand"]
        : names.length === 0
          ? seen
          : [...seen, `not __fish_seen_subcommand_from ${names.join(" ")}`];
    const condition = `-n ${quote(here.join("; and "))}`;
    for (const child of children) {
      lines.push(`complete -c aurora ${condition} -f -a ${child.name()} -d ${quote(child.description())}`);
    }
    for (const { flag, description } of options) {
      lines.push(`complete -c aurora ${condition} -l ${flag.replace(/^--/, "")} -d ${quote(description)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function listPlaces(commands: readonly Command[]): Place[] {
  const help = { flag: "--help", description: "print help" };
  const root: Place = {
    path: "",
    commands,
    options: [help, { flag: "--version", description: "print the version" }],
  };
  const below = (command: Command, before: string): Place[] => {
    const path = before === "" ? command.name() : `${before} ${command.name()}`;
    const options = command.options.flatMap((option) =>
      option.long == null || option.hidden ? [] : [{ flag: option.long, description: option.description }],
    );
    const place: Place = { path, commands: command.commands, options: [...options, help] };
    return [place, ...command.commands.flatMap((child) => below(child, path))];
  };
  return [root, ...commands.flatMap((command) => below(command, ""))];
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
