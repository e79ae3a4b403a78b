/** The options of `npm run bench`, read and explained. Runs nothing. */
import {
  parseOptions,
  readPartNames,
  renderOptions,
  renderTable,
  type ScriptOption,
} from "../suite-options.ts";

/** What is measured where nothing else is asked for. */
const usualParts = {
  gateway: "the gateway on one core: its speed, decisions, latency, memory, start and uplink",
  workers:
    "the gateway with workers on all cores, in turns with one core, in its first minutes and afterwards",
  link: "the serial link of devices",
  mcu: "what the student and its features cost on microcontrollers",
  pages: "the collector's pages while gateways send",
  ingest: "what each engine of the record stores",
  thinning: "what a turbine-year of predictions takes, thinned by age",
} as const;

/**
 * What is measured where it is asked for by name: it takes half an hour, or as long as one says, installs packages, or is a piece of
 * another part.
 */
const askedParts = {
  memory:
    "memory and start of the packaged gateway, of both profiles: half an hour, or as long as --hours says",
  growth: "what a sample costs and a point holds, over channels and sampling rates",
  latency: "latency at half the required speed alone, and how late the event loop is meanwhile",
  start: "from the start of the process to the first prediction alone, of both profiles",
  "first-minutes": "the first ten minutes of workers alone, in turns with one core",
  peer: "the gateway beside one in Python, which it installs; the same as --peer",
} as const;

/** A part of the bench. */
export type BenchPart = keyof typeof usualParts | keyof typeof askedParts;

/** `of` are the parts that alone read it. */
const options = {
  json: { type: "boolean", default: false, means: "one JSON object instead of a table" },
  quick: { type: "boolean", default: false, means: "a short form, whose figures are rougher" },
  only: { type: "string", value: "PARTS", means: "these parts, with commas between them" },
  without: { type: "string", value: "PARTS", means: "all usual parts but these" },
  peer: { type: "boolean", default: false, means: "the same as --only peer" },
  turns: {
    type: "string",
    default: "3",
    value: "N",
    means: "turns with one core and with workers, 1 to 9 (3)",
    of: ["workers", "first-minutes"],
  },
  turbines: {
    type: "string",
    default: "1000",
    value: "N",
    means: "turbines of the fleet (1000)",
    of: ["pages"],
  },
  viewers: { type: "string", default: "50", value: "N", means: "how many look at once (50)", of: ["pages"] },
  rate: {
    type: "string",
    default: "2000",
    value: "N",
    means: "messages a second that gateways send (2000)",
    of: ["pages"],
  },
  seconds: { type: "string", value: "N", means: "how long (30; 6 with --quick)", of: ["pages"] },
  "check-ins": {
    type: "string",
    default: "10000",
    value: "N",
    means: "gateways that look for updates every five minutes (10000)",
    of: ["pages"],
  },
  hours: {
    type: "string",
    default: "0",
    value: "N",
    means: "over so many hours of signal, up to 8 (0: the start and what follows, of both profiles)",
    of: ["memory"],
  },
  pace: {
    type: "string",
    default: "1",
    value: "N",
    means: "times as fast as it was recorded, 1 to 16 (1)",
    of: ["memory"],
  },
} as const satisfies Readonly<Record<string, ScriptOption & { readonly of?: readonly BenchPart[] }>>;

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
  let parsed: ReturnType<typeof readArguments>;
  try {
    parsed = readArguments(args);
  } catch (error) {
    return wrong((error as Error).message);
  }
  const read = parsed.values;
  if ("help" in read) return { type: "help", text: renderHelp() };
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
  const idle = findIdle(parsed, parts);
  if (idle !== undefined) return wrong(idle);
  return { type: "run", options: { json, quick, parts, pages, turns, hours, pace } };
}

/** Says of an option of a part that is not measured that it is; undefined: none is given. */
function findIdle(
  { tokens }: ReturnType<typeof readArguments>,
  parts: readonly BenchPart[],
): string | undefined {
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const option = options[token.name];
    const of: readonly BenchPart[] | undefined = "of" in option ? option.of : undefined;
    if (of !== undefined && !of.some((part) => parts.includes(part)))
      return `--${token.name} is of ${of.join(" and ")}, which is not measured`;
  }
  return undefined;
}

const toOption = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The parts that are asked for, or what is wrong with their names. */
function readParts({
  peer,
  only,
  without,
}: ReturnType<typeof readArguments>["values"]): readonly BenchPart[] | string {
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

const readArguments = (args: readonly string[]) => parseOptions(args, options);

function renderHelp(): string {
  const explained = Object.entries(options).map(([name, option]): [string, ScriptOption] => {
    if (!("of" in option)) return [name, option];
    return [name, { ...option, means: `of ${option.of.join(" and ")}: ${option.means}` }];
  });
  return [
    "npm run bench [-- OPTIONS]",
    "",
    ...renderOptions(Object.fromEntries(explained)),
    "",
    "parts, measured where none is named",
    ...renderTable(Object.entries(usualParts)),
    "parts that are measured where they are named",
    ...renderTable(Object.entries(askedParts)),
    "",
    "Limits that do not hold are listed at the end. It ends with 1 where memory is one of them, where decisions differ or",
    "hold no alarm, where the peer scores otherwise, and where the gateway is less than twice as fast as the peer; other",
    "speeds, and what a point holds, are only listed.",
    "Where the machine is busy before it begins, it says by what, also beside the figures (machineBefore).",
  ].join("\n");
}
