/** Completion scripts for shells from a tree of commands. Text in, text out. */
import { type Command, Option } from "commander";

/** A command, a command of a command, or help on them, with what may follow it. */
interface Place {
  /** Words after `aurora`, `""` for none. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly Option[];
  /** By argument what it may be; empty where any word may stand. */
  readonly choices: readonly (readonly string[])[];
}

/** Offers an awaited value, else options where a word begins with a dash, else subcommands or choices, else files. */
export function renderBashCompletion(commands: readonly Command[]): string {
  return `${renderOffer(commands)}
_aurora() {
  local offered word="\${COMP_WORDS[COMP_CWORD]}" words=() each
  # Bash makes three words of --option=value.
  [[ "$word" == "=" ]] && word=""
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ "$each" == "=" ]] || words+=("$each"); done
  _aurora_offer "\${words[@]}" "$word"
  COMPREPLY=($(compgen -W "$offered" -- "$word"))
}
complete -o default -F _aurora aurora
`;
}

/** As for bash; to be sourced, or found by the name `_aurora` at the first use. */
export function renderZshCompletion(commands: readonly Command[]): string {
  return `#compdef aurora
${renderOffer(commands)}
_aurora() {
  local offered
  if compset -P '--*='; then
    _aurora_offer "\${(@)words[2,CURRENT-1]}" "\${words[CURRENT]%%=*}" ""
  else
    _aurora_offer "\${(@)words[2,CURRENT]}"
  fi
  if [[ -n "$offered" ]]; then compadd -- \${=offered}; else _files; fi
}
# Zsh runs a file that it finds by its name as the function itself.
if [[ "$funcstack[1]" == _aurora ]]; then
  _aurora "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }
  compdef _aurora aurora
fi
`;
}

/** For fish, with descriptions. */
export function renderFishCompletion(commands: readonly Command[]): string {
  const places = listPlaces(commands);
  const lines = places.flatMap(({ path, commands: children, options, choices }) => [
    ...children.map(({ name, description }) => fishLine(path, 0, `-f -a ${name} -d ${quote(description)}`)),
    ...choices.flatMap((words, index) =>
      words.length === 0 ? [] : [fishLine(path, index, `-f -a ${quote(words.join(" "))}`)],
    ),
    ...options.map((option) => fishLine(path, "", renderFishOption(option))),
  ]);
  return `# Whether the words before the cursor lead to a command, and as many arguments of it as $count says.
function __aurora_at -a path count
  set -l place
  set -l given 0
  set -l awaited
  for word in (commandline -opc)[2..]
    if set -q awaited[1]
      set awaited
      continue
    end
    set -l next (string join ' ' -- $place $word)
    switch $next
      case ${quoteAll(listPaths(places))}
        set place $next
      case ${quoteAll(places.flatMap((place) => listAwaiting(place).flatMap(({ names }) => names)))}
        set awaited $next
      case '*'
        string match -q -- '-*' $word; or set given (math $given + 1)
    end
  end
  test "$place" = "$path" -a \\( -z "$count" -o "$given" = "$count" \\)
end
${lines.join("\n")}
`;
}

function fishLine(path: string, count: number | "", rest: string): string {
  return `complete -c aurora -n ${quote(`__aurora_at "${path}" ${count}`.trim())} ${rest}`;
}

function renderFishOption({ short, long, required, argChoices, description }: Option): string {
  const names = `${short === undefined ? "" : `-s ${short.slice(1)} `}-l ${long?.slice(2)}`;
  const value = argChoices === undefined ? " -r" : ` -x -a ${quote(argChoices.join(" "))}`;
  return `${names}${required ? value : ""} -d ${quote(description)}`;
}

/** In the language that bash and zsh share: a function of the words up to the cursor that says in `offered` what may stand there. */
function renderOffer(commands: readonly Command[]): string {
  const places = listPlaces(commands);
  const awaiting = places.flatMap(listAwaiting);
  const branch = (patterns: readonly string[], statement: string): string =>
    `    ${patterns.map((pattern) => `"${pattern}"`).join(" | ")}) ${statement} ;;`;
  const offer = (pattern: string, words: readonly string[]): string =>
    branch([pattern], `offered="${words.join(" ")}"`);
  return [
    "_aurora_offer() {",
    '  local place="" awaited="" given=0 next',
    '  offered=""',
    "  while [[ $# -gt 1 ]]; do",
    `    next="\${place:+$place }$1"`,
    '    if [[ -n "$awaited" ]]; then next="" awaited=""; fi',
    '    case "$next" in',
    '    "") ;;',
    branch(listPaths(places), 'place="$next"'),
    ...awaiting.map(({ names }) => branch(names, `awaited="${names.at(-1)}"`)),
    '    *) [[ "$1" == -* ]] || given=$((given + 1)) ;;',
    "    esac",
    "    shift",
    "  done",
    '  if [[ -n "$awaited" ]]; then',
    '    case "$awaited" in',
    ...awaiting.flatMap(({ names, choices }) =>
      choices.length === 0 ? [] : [offer(names.at(-1) ?? "", choices)],
    ),
    "    esac",
    '  elif [[ "$1" == -* ]]; then',
    '    case "$place" in',
    ...places.map(({ path, options }) =>
      offer(
        path,
        options.map(({ long }) => long ?? ""),
      ),
    ),
    "    esac",
    "  else",
    '    case "$place $given" in',
    ...places.flatMap(({ path, commands: children, choices }) => {
      if (children.length > 0)
        return [
          offer(
            `${path} 0`,
            children.map(({ name }) => name),
          ),
        ];
      return choices.flatMap((words, index) =>
        words.length === 0 ? [] : [offer(`${path} ${index}`, words)],
      );
    }),
    "    esac",
    "  fi",
    "}",
  ].join("\n");
}

function listPlaces(commands: readonly Command[]): Place[] {
  const help = new Option("-h, --help", "print help");
  const describe = (children: readonly Command[]): Place["commands"] =>
    children.map((child) => ({ name: child.name(), description: child.description() }));
  const helpOn = (path: string, children: readonly Command[]): Place => ({
    path,
    commands: describe(children),
    options: [],
    choices: [],
  });
  const root: Place = {
    path: "",
    commands: [...describe(commands), { name: "help", description: "print the help of a command" }],
    options: [help, new Option("--version", "print the version")],
    choices: [],
  };
  const below = (command: Command, before: string): Place[] => {
    const path = join(before, command.name());
    const place: Place = {
      path,
      commands: describe(command.commands),
      options: [...command.options.filter(({ long, hidden }) => long != null && !hidden), help],
      choices: command.registeredArguments.map(({ argChoices }) => argChoices ?? []),
    };
    if (command.commands.length === 0) return [place];
    return [
      place,
      ...[`${path} help`, `help ${path}`].map((words) => helpOn(words, command.commands)),
      ...command.commands.flatMap((child) => below(child, path)),
    ];
  };
  return [root, helpOn("help", commands), ...commands.flatMap((command) => below(command, ""))];
}

function listPaths(places: readonly Place[]): string[] {
  return places.map(({ path }) => path).filter((path) => path !== "");
}

/** The options of a place that a value follows, by all their names. */
function listAwaiting({ path, options }: Place): { names: string[]; choices: readonly string[] }[] {
  return options
    .filter(({ required }) => required)
    .map(({ short, long, argChoices }) => ({
      names: [short, long].flatMap((name) => (name == null ? [] : [join(path, name)])),
      choices: argChoices ?? [],
    }));
}

function join(path: string, word: string): string {
  return path === "" ? word : `${path} ${word}`;
}

function quoteAll(texts: readonly string[]): string {
  return texts.map(quote).join(" ");
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
