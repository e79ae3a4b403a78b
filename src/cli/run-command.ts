/** Runs the `aurora` command: finds the subcommand, loads only that one, and turns errors into exit codes 0, 1 and 2. */
import { Command, CommanderError } from "commander";
import { commandTable } from "./command-table.ts";
import { runtimeVersion } from "./installation.ts";
import { type ErrorReport, printJsonError, reportError } from "./terminal/end-process.ts";

/** Lines of help are no longer, those that are written by hand included. */
const helpColumns = 100;

/** Runs it with the arguments as `process.argv` holds them, to the end; returns the exit code and ends no process. */
export async function runCommand(given: readonly string[]): Promise<number> {
  const argv = given[2] === "help" ? askForHelp(given) : [...given];
  const program = withNarrowHelp(new Command("aurora"))
    .description(
      "The edge inference runtime beside wind turbines: failure alerts with reasons, safe model updates.",
    )
    .version(runtimeVersion(), "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText(
      "after",
      `
Documents that help and hints name, such as src/KEYS.md, lie below the folder that aurora-edge is
installed in, as its models do; those of the Debian package below /usr/share/doc/aurora-edge, its
models below /usr/lib/aurora-edge.

Example:
  $ aurora demo            three simulated turbines, one of them failing
`,
    )
    .exitOverride()
    // Else `--version` of any command would print the program's.
    .enablePositionalOptions()
    .showHelpAfterError(`hint: ${sayUsage("aurora")}`)
    .hook("preAction", (_, command) => refuseNoValue(command));
  for (const entry of commandTable) {
    const command = argv[2] === entry.name ? await entry.load() : new Command(entry.name);
    if (argv[2] === entry.name && namesUnknownChild(command, argv.slice(3))) dropHelp(argv);
    command.description(entry.description);
    program.addCommand(withUsageErrors(command, `aurora ${entry.name}`));
  }
  if (argv.length <= 2) {
    program.outputHelp();
    return 2;
  }
  try {
    await program.parseAsync(argv);
    return process.exitCode === undefined ? 0 : Number(process.exitCode);
  } catch (error) {
    const json = argv.includes("--json");
    if (!(error instanceof CommanderError)) return reportError(error, { json });
    if (error.exitCode === 0) return 0;
    if (json) printJsonError(describeUsage(error));
    return 2;
  }
}

const noStream = "and no command reads or writes a stream by that name; a file that is called so is ./-";

/** No value may be empty: it is a shell's variable that was not set, and as a path it would be this folder. Nor is `-` anything here. */
function refuseNoValue(command: Command): void {
  const given = [
    ...command.options
      .filter((option) => command.getOptionValueSource(option.attributeName()) === "cli")
      .map((option) => ({ what: option.flags, value: command.getOptionValue(option.attributeName()) })),
    ...command.registeredArguments.map((argument, index) => {
      return { what: `the argument ${argument.name()}`, value: command.processedArgs[index] as unknown };
    }),
  ];
  for (const { what, value } of given) {
    for (const each of [value].flat()) {
      if (each === "") command.error(`error: ${what} is empty`, { exitCode: 2 });
      if (each === "-") command.error(`error: ${what} is "-", ${noStream}`, { exitCode: 2 });
    }
  }
}

/** Whether the words name a command below `command` that is not there: its help would be that of the one above. */
function namesUnknownChild(command: Command, [word, ...rest]: readonly string[]): boolean {
  if (word === undefined || word.startsWith("-") || command.commands.length === 0) return false;
  const child = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
  return child === undefined ? word !== "help" : namesUnknownChild(child, rest);
}

/** Without them a command that is not there is an error, which names the one that was probably meant. */
function dropHelp(argv: string[]): void {
  const kept = argv.filter((word) => word !== "--help" && word !== "-h");
  argv.splice(0, argv.length, ...kept);
}

/** `aurora help device push` as `aurora device push --help`: only a command that is named is loaded. An unknown one is an error. */
function askForHelp([node = "", script = "", , name, ...rest]: readonly string[]): string[] {
  if (name === undefined) return [node, script, "--help"];
  const isKnown = commandTable.some((entry) => entry.name === name);
  return isKnown ? [node, script, name, ...rest, "--help"] : [node, script, name];
}

/** Makes wrong usage of a command and of those below it an exception, printed with what to do next; all have one help. */
function withUsageErrors(command: Command, path: string): Command {
  for (const child of command.commands) withUsageErrors(child, `${path} ${child.name()}`);
  command.helpOption("-h, --help", "print this help");
  refuseSecondValues(command);
  return withNarrowHelp(command)
    .exitOverride((error) => {
      throw new WrongUsage(error, path);
    })
    .showHelpAfterError(`hint: ${sayUsage(path)}`);
}

/** Keeps lists of options and commands within {@link helpColumns}, and the terminal's own where that is narrower. */
function withNarrowHelp(command: Command): Command {
  const width = ({ columns }: { readonly columns?: number }): number =>
    Math.min(columns ?? helpColumns, helpColumns);
  return command.configureHelp({ minWidthToWrap: 30 }).configureOutput({
    getOutHelpWidth: () => width(process.stdout),
    getErrHelpWidth: () => width(process.stderr),
  });
}

/** Of two values for one option commander drops the first without a word. Those that may be repeated begin as a list. */
function refuseSecondValues(command: Command): void {
  for (const option of command.options) {
    if (option.isBoolean() || option.variadic || Array.isArray(option.defaultValue)) continue;
    let isGiven = false;
    command.on(`option:${option.name()}`, () => {
      if (isGiven) command.error(`error: ${option.flags} stands twice`, { exitCode: 2 });
      isGiven = true;
    });
  }
}

function describeUsage(error: CommanderError): ErrorReport {
  const hint = sayUsage(error instanceof WrongUsage ? error.path : "aurora");
  return { code: "USAGE", message: error.message.replace(/^error: /, ""), hint };
}

/** Wrong usage of a command below `aurora`, whose help is by `path`. */
class WrongUsage extends CommanderError {
  readonly path: string;

  constructor({ exitCode, code, message }: CommanderError, path: string) {
    super(exitCode, code, message);
    this.path = path;
  }
}

function sayUsage(path: string): string {
  return `\`${path} --help\` says what is possible.`;
}
