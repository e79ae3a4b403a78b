/** The options of `npm run bench`, read and explained. Runs nothing. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { readPartNames } from "../suite-options.ts";

/** What is measured where nothing else is asked for. */
const usualParts = {
  gateway: "the gateway on one core: its speed, latency, memory and uplink",
  workers: "the gateway with workers on all cores, in turns with one core",
  link: "the serial link of devices",
  mcu: "what the student and its features cost on microcontrollers",
  pages: "the collector's pages while gateways send",
  ingest: "what each engine of the record stores",
  thinning: "what a turbine-year of predictions takes, thinned by age",
} as const;

/** What is measured where it is asked for by name: it takes half an hour, or as long as one says, or installs packages. */
const askedParts = {
  memory:
    "memory and start of the packaged gateway, of both profiles: half an hour, or as long as --hours says",
  growth: "what a sample costs and a point holds, over channels and sampling rates",
  peer: "the gateway beside one in Python, which it installs; the same as --peer",
} as const;

/** A part of the bench. */
export type BenchPart = keyof typeof usualParts | keyof typeof askedParts;

const options = {
  help: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  quick: { type: "boolean", default: false },
  only: { type: "string" },
  without: { type: "string" },
  peer: { type: "boolean", default: false },
  turns: { type: "string", default: "3" },
  turbines: { type: "string", default: "1000" },
  viewers: { type: "string", default: "50" },
  rate: { type: "string", default: "2000" },
  seconds: { type: "string" },
  "check-ins": { type: "string", default: "10000" },
  hours: { type: "string", default: "0" },
  pace: { type: "string", default: "1" },
} as const satisfies ParseArgsConfig["options"];

/** What each option means, as the help prints it, and the part that alone reads it. */
const meanings: Readonly<
  Record<keyof typeof options, readonly [form: string, meaning: string, of?: BenchPart]>
> = {
  help: ["--help", "prints this"],
  json: ["--json", "one JSON object instead of a table"],
  quick: ["--quick", "a short form, whose figures are rougher"],
  only: ["--only PARTS", "these parts, with commas between them"],
  without: ["--without PARTS", "all usual parts but these"],
  peer: ["--peer", "the same as --only peer"],
  turns: ["--turns N", "turns with one core and with workers, 1 to 9 (3)", "workers"],
  turbines: ["--turbines N", "turbines of the fleet (1000)", "pages"],
  viewers: ["--viewers N", "how many look at once (50)", "pages"],
  rate: ["--rate N", "messages a second that gateways send (2000)", "pages"],
  seconds: ["--seconds N", "how long (30; 6 with --quick)", "pages"],
  "check-ins": ["--check-ins N", "gateways that look for updates every five minutes (10000)", "pages"],
  hours: [
    "--hours N",
    "over so many hours of signal, up to 8 (0: the start and what follows, of both profiles)",
    "memory",
  ],
  pace: ["--pace N", "times as fast as it was recorded, 1 to 16 (1)", "memory"],
};

/** What to measure. */
export interface BenchOptions {
  readonly json: boolean;
  readonly quick: boolean;
  readonly parts: readonly BenchPart[];
  readonly pages: Readonly<Record<"turbines" | "viewers" | "rate" | "seconds" | "checkIns", number>>;
  readonly turns: number;
  readonly hours: number;
  readonly pace: number;
}

/** What the arguments ask for, or a text: the help, or one line that says what is wrong with them. */
export type BenchRequest =
  | { readonly type: "run"; readonly options: BenchOptions }
  | { readonly type: "help" | "wrong"; readonly text: string };

/** Reads the arguments of the command. */
export function parseBenchOptions(args: readonly string[]): BenchRequest {
  const wrong = (text: string): BenchRequest => ({
    type: "wrong",
    text: `${text} (--help says what there is)`,
  });
  const read = readArguments(args);
  if (typeof read === "string") return wrong(read);
  if (read.help) return { type: "help", text: renderHelp() };
  const { json, quick } = read;
  const parts = readParts(read);
  if (typeof parts === "string") return wrong(parts);
  const turns = Number(read.turns);
  if (!(Number.isInteger(turns) && turns >= 1 && turns <= 9))
    return wrong(`--turns is a whole number from 1 to 9, not ${read.turns}`);
  const hours = Number(read.hours);
  if (!(hours >= 0 && hours <= 8)) return wrong(`--hours is a number from 0 to 8, not ${read.hours}`);
  const pace = Number(read.pace);
  if (!(pace >= 1 && pace <= 16)) return wrong(`--pace is a number from 1 to 16, not ${read.pace}`);
  const pages = {
    turbines: Number(read.turbines),
    viewers: Number(read.viewers),
    rate: Number(read.rate),
    seconds: Number(read.seconds ?? (quick ? 6 : 30)),
    checkIns: Number(read["check-ins"]),
  };
  for (const [name, value] of Object.entries(pages))
    if (!(value >= 0)) return wrong(`--${toOption(name)} is a number not below 0, not ${value}`);
  const idle = findIdle(args, parts);
  if (idle !== undefined) return wrong(idle);
  return { type: "run", options: { json, quick, parts, pages, turns, hours, pace } };
}

/** Says of an option of a part that is not measured that it is; undefined: none is given. */
function findIdle(args: readonly string[], parts: readonly BenchPart[]): string | undefined {
  const { tokens } = parseArgs({ args: [...args], options, tokens: true });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const [, , of] = meanings[token.name as keyof typeof options];
    if (of !== undefined && !parts.includes(of)) return `--${token.name} is of ${of}, which is not measured`;
  }
  return undefined;
}

const toOption = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The parts that are asked for, or what is wrong with their names. */
function readParts({ peer, only, without }: ReturnType<typeof parseOptions>): readonly BenchPart[] | string {
  if (peer) return ["peer"];
  const usual = Object.keys(usualParts);
  try {
    const asked = only === undefined ? usual : readPartNames(only, [...usual, ...Object.keys(askedParts)]);
    const left = without === undefined ? [] : readPartNames(without, asked);
    const parts = asked.filter((name) => !left.includes(name));
    return parts.length === 0 ? "nothing is left to measure" : (parts as BenchPart[]);
  } catch (error) {
    return (error as Error).message;
  }
}

const parseOptions = (args: readonly string[]) => parseArgs({ args: [...args], options }).values;

/** The values, or what Node finds wrong with them. */
function readArguments(args: readonly string[]) {
  try {
    return parseOptions(args);
  } catch (error) {
    const isOfArguments =
      error instanceof TypeError && "code" in error && /^ERR_PARSE_ARGS_/.test(`${error.code}`);
    if (!isOfArguments) throw error;
    return error.message.split(/[.\n] ?/)[0]!;
  }
}

function renderHelp(): string {
  const explained = Object.values(meanings).map(([form, meaning, of]): [string, string] => [
    form,
    of === undefined ? meaning : `of ${of}: ${meaning}`,
  ]);
  const table = (rows: readonly (readonly [string, string])[]): string[] =>
    rows.map(([name, meaning]) => `  ${name.padEnd(16)} ${meaning}`);
  return [
    "npm run bench [-- OPTIONS]",
    "",
    ...table(explained),
    "",
    "parts, measured where none is named",
    ...table(Object.entries(usualParts)),
    "parts that are measured where they are named",
    ...table(Object.entries(askedParts)),
    "",
    "Limits that do not hold are listed at the end. It ends with 1 where memory is one of them, where decisions differ,",
    "and where the gateway is less than twice as fast as the peer; other speeds, and what a point holds, are only listed.",
  ].join("\n");
}
