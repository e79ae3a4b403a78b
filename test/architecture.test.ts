import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { hasComputedImport, readImports, readStaticImports, stripComments } from "./support/read-imports.ts";

const root = resolve(import.meta.dirname, "..");

/**
 * Who may import whom. The room of a file is the longest of these names that its folder begins with, and may always
 * import itself; a name covers its sub-rooms too, except for whoever lives in one of them. A name that ends in .ts is one file,
 * which its room shows to this one alone.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "firmware-bridge": ["core/platform"],
  "firmware-bridge/transports": ["core/contract", "core/maths", "core/platform", "firmware-bridge"],
  "firmware-bridge/framing": ["firmware-bridge", "firmware-bridge/transports"],
  "firmware-bridge/messages": ["core/contract", "firmware-bridge"],
  "firmware-bridge/session": [
    "core/contract",
    "core/maths",
    "core/platform",
    "firmware-bridge",
    ...below("firmware-bridge", "framing messages"),
  ],
  "firmware-bridge/model": ["core/contract", "core/maths", "core/platform", "firmware-bridge"],

  "core/contract": ["core/contract/bundle", "core/contract/device"],
  "core/contract/bundle": ["core/contract/on-demand.ts"],
  "core/contract/config": ["core/contract", "core/contract/bundle", "core/contract/device"],
  "core/contract/device": ["core/contract/bundle", "core/contract/on-demand.ts"],
  "core/wire": ["core/contract"],
  "core/maths": [],
  "core/platform": ["core/contract"],
  "core/platform/daemon": ["core/contract", "core/platform", "core/platform/files"],
  "core/platform/files": ["core/contract"],
  "core/platform/mqtt": ["core/contract", "core/platform", "core/platform/daemon", "core/platform/files"],
  "core/platform/sqlite": ["core/contract"],
  "core/bundle": ["core/contract", "core/platform"],
  "core/ingest": ["core/contract", "core/maths"],
  "core/window": ["core/contract", "core/maths"],
  "core/features": ["core/contract", "core/maths"],
  "core/inference": ["core/contract", "core/maths", "core/platform"],
  "core/explain": ["core/contract", "core/maths"],
  "core/decision": ["core/contract", "core/maths"],
  "core/decision/alarms": ["core/contract"],
  "core/decision/normal-behaviour": ["core/contract", "core/maths"],
  "core/drift": ["core/contract", "core/maths"],
  "core/simulate": ["core/contract", "core/maths"],
  "core/serving": below(
    "core",
    "contract maths platform bundle window features inference explain decision drift",
  ),
  "core/serving/scada": below("core", "contract maths window features decision serving"),

  gateway: [
    "core",
    "firmware-bridge",
    ...below("gateway", "devices diagnosis points sources alarms record updates status evidence"),
  ],
  "gateway/diagnosis": ["core/contract", "core/maths"],
  "gateway/record": ["core"],
  "gateway/alarms": ["core", "gateway/record"],
  "gateway/points": ["core", "firmware-bridge", "gateway/record", "gateway/alarms"],
  "gateway/devices": [
    "core",
    "firmware-bridge",
    "gateway/diagnosis",
    "gateway/points/work-gauge.ts",
    "gateway/record",
  ],
  "gateway/sources": ["core"],
  "gateway/evidence": ["core", "gateway/devices/recording.ts", "gateway/record"],
  "gateway/updates": ["core"],
  "gateway/status": [
    "core",
    "firmware-bridge",
    "gateway/sources/reading-source.ts",
    ...below("gateway", "alarms devices points record"),
  ],

  collector: ["core", ...below("collector", "uplink record fleet page api registry evidence")],
  "collector/record": ["core"],
  "collector/registry": ["core", "collector/api/http-route.ts"],
  "collector/evidence": ["core", "collector/record"],
  "collector/uplink": ["core", "collector/record"],
  "collector/fleet": ["core", "collector/record", "collector/registry"],
  "collector/page": ["core", "collector/fleet"],
  "collector/api": ["core", "collector/fleet", "collector/page"],

  training: ["core", ...below("training", "recipes learn dataset judge gate bundle report pipeline schema")],
  "training/dataset": ["core"],
  "training/dataset/samples": ["core", "training/dataset"],
  "training/dataset/speed": ["core", ...below("training/dataset", "samples"), "training/dataset"],
  "training/dataset/sidecar": ["core", "training/dataset", "training/dataset/speed"],
  "training/dataset/recordings": [
    "core",
    "training/dataset",
    ...below("training/dataset", "samples sidecar speed"),
  ],
  "training/judge": ["core"],
  "training/schema": [],
  "training/pipeline": ["core"],
  "training/learn": [
    "core",
    "training/dataset/recordings/recording-set.ts",
    "training/dataset/speed/recorded-speed.ts",
  ],
  "training/bundle": ["core", ...below("training", "learn dataset")],
  "training/gate": ["core", ...below("training", "bundle judge")],
  "training/report": ["core", ...below("training", "learn gate judge")],
  "training/recipes": ["core", ...below("training", "learn judge gate bundle report pipeline")],
  ...recipeRooms("training/recipes/bearing"),
  ...recipeRooms("training/recipes/scada"),

  cli: ["core", ...below("cli", "commands terminal")],
  "cli/commands": [
    "core",
    "gateway/main.ts",
    "collector/main.ts",
    "collector/registry/installation-keys.ts",
    "training/train.ts",
    "training/training-config.ts",
    "training/training-schema.ts",
    "training/complete-config.ts",
    "training/recipes/recipe.ts",
    "training/evaluate-bundle.ts",
    "training/dataset/samples",
    "training/judge/learning-path.ts",
    "cli/installation.ts",
    ...below("cli", "ask bearing bundle data demo device doctor drift evidence fleet init score terminal"),
  ],
  "cli/data": [
    "core",
    "training/dataset",
    "training/recipes",
    "training/recipes/bearing",
    "training/recipes/scada",
    "training/training-config.ts",
    "training/judge/learning-path.ts",
    "cli/score/recordings/speed-doubts.ts",
    "cli/score/sidecar",
    "cli/installation.ts",
    "cli/terminal",
  ],
  "cli/ask": ["core", "cli/terminal"],
  "cli/bearing": ["core", "training/dataset"],
  "cli/bundle": ["core", "cli/ask", "cli/terminal"],
  "cli/demo": ["core", "training/dataset", "cli/installation.ts", ...below("cli", "ask device terminal")],
  "cli/drift": ["core", "cli/ask", "cli/terminal"],
  "cli/evidence": ["core", "cli/ask", "cli/terminal"],
  "cli/fleet": ["core", "cli/terminal"],
  "cli/doctor": [
    "core",
    "firmware-bridge",
    "gateway/updates/prove-golden.ts",
    "cli/ask",
    "cli/device/stable-ports.ts",
  ],
  "cli/init": ["core", "cli/bearing"],
  "cli/device": [
    "core",
    "firmware-bridge",
    "training/dataset",
    "cli/installation.ts",
    ...below("cli", "ask terminal"),
  ],
  "cli/score/files": ["core", "cli/installation.ts", "cli/terminal", "training/dataset"],
  "cli/score/sidecar": ["core", "training/dataset", "cli/bearing", "cli/terminal"],
  "cli/score/recordings": [
    "core",
    "training/dataset",
    "cli/terminal",
    ...below("cli/score", "files sidecar"),
  ],
  "cli/score/replay": [
    "core",
    "training/dataset",
    "cli/terminal",
    ...below("cli/score", "files sidecar recordings"),
  ],
  "cli/score/tables": [
    "core",
    "training/bundle/bundled-files.ts",
    "training/dataset",
    "cli/terminal",
    "cli/score/files",
  ],
  "cli/terminal": ["core"],
};

function below(room: string, names: string): string[] {
  return names.split(" ").map((name) => `${room}/${name}`);
}

/** The rooms of a recipe: what is learnt knows no judge, what is judged no report; all may read the configuration. */
function recipeRooms(recipe: string): Record<string, readonly string[]> {
  const shared = ["core", "training/recipes", ...below("training", "dataset learn judge")];
  return {
    [recipe]: [
      ...shared,
      ...below("training", "bundle report pipeline"),
      ...below(recipe, "learn judge report"),
    ],
    [`${recipe}/learn`]: [...shared, "training/pipeline", recipe],
    [`${recipe}/judge`]: [...shared, ...below("training", "gate bundle"), recipe, `${recipe}/learn`],
    [`${recipe}/report`]: [
      ...shared,
      ...below("training", "bundle report"),
      recipe,
      ...below(recipe, "learn judge"),
    ],
  };
}

/** Rooms that are numbers and values only: no I/O, no waiting, no clock, no dice. */
const pureRooms = [
  ...below("core", "contract wire maths ingest window features explain decision drift simulate"),
  "gateway/diagnosis",
];
const impurities: readonly (readonly [string, RegExp])[] = [
  ["a node: module", /from "node:|import\("node:|require\(/],
  ["async", /\basync\b|\bawait\b|\bPromise\b/],
  ["the wall clock", /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/],
  ["unseeded randomness", /\bMath\.random\b/],
  ["a timer", /\bset(?:Timeout|Interval|Immediate)\b/],
];

/** One vendor, one door. */
const doors: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^onnxruntime-node/, ["src/core/inference/onnx-session.ts"]],
  [/^@tensorflow\//, ["src/training/learn/tensorflow.ts"]],
  [/^serialport/, ["firmware-bridge/transports/serial-transport.ts"]],
  [/^modbus-serial/, ["src/gateway/sources/modbus-client.ts"]],
  [/^node-opcua/, ["src/gateway/sources/opcua-client.ts"]],
  [/^mqtt(-packet)?$/, ["src/core/platform/mqtt/mqtt-client.ts"]],
  [/^aedes/, ["src/core/platform/mqtt/embedded-broker.ts"]],
  [/^better-sqlite3|^node:sqlite/, ["src/core/platform/sqlite/sqlite.ts"]],
  [/^pino/, ["src/core/platform/logger.ts"]],
  [/^prom-client/, ["src/core/platform/metrics.ts"]],
  [/^fastify/, ["src/collector/api/http-server.ts"]],
  // An engine of the fleet's record: everybody else knows the port alone.
  [/\/record\/(sqlite|postgres)\//, ["src/collector/open-record.ts"]],
  [/^aws4fetch$/, ["src/collector/evidence/s3-bucket.ts"]],
  [/^pg$/, ["src/collector/record/postgres/postgres-database.ts"]],
];

/** What the processes of each daemon may load of vendors: it is installed beside a turbine, or far from one. No training. */
const daemons: readonly (readonly [string, readonly string[], string])[] = [
  [
    "gateway",
    ["src/cli/commands/gateway.ts", "src/gateway/updates/prove-main.ts", "src/gateway/points/chain-main.ts"],
    "@tufjs/models better-sqlite3 commander modbus-serial mqtt mqtt-packet node-opcua-client onnxruntime-node pino prom-client protobufjs serialport tuf-js yaml zod",
  ],
  [
    "collector",
    ["src/cli/commands/collector.ts", "src/collector/worker-main.ts", "src/collector/page-main.ts"],
    "@tufjs/models aedes aws4fetch better-sqlite3 commander fastify mqtt mqtt-packet pg pino prom-client protobufjs uplot yaml zod",
  ],
];

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly code: string;
  readonly imports: readonly string[];
}

function readSources(): SourceFile[] {
  const files: SourceFile[] = [];
  for (const folder of ["src", "firmware-bridge"].filter((name) => existsSync(join(root, name)))) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!entry.endsWith(".ts")) continue;
      const path = `${folder}/${entry}`;
      const text = readFileSync(join(root, path), "utf8");
      // Comments may speak of anything.
      const code = stripComments(text);
      files.push({ path, room: roomOf(path), text, code, imports: readImports(code) });
    }
  }
  return files;
}

const rooms = Object.keys(mayImport).sort((a, b) => b.length - a.length);

/** The room of a file, or the file's folder where no room covers it. */
function roomOf(path: string): string {
  const folder = dirname(path.replace(/^src\//, ""));
  return rooms.find((room) => isWithin(folder, room)) ?? folder;
}

function isWithin(path: string, room: string): boolean {
  return path === room || path.startsWith(`${room}/`);
}

/** Whether `room` may import `file` of the room `target` by an entry of the table. */
function covers(entry: string, room: string, target: string, file: string): boolean {
  if (entry.endsWith(".ts")) return file === `src/${entry}`;
  return isWithin(room, entry) ? target === entry : isWithin(target, entry);
}

const sources = readSources();

/** All breaches found by `check`, as `path: what`. */
function breaches(check: (file: SourceFile) => Iterable<string>): string[] {
  return sources.flatMap((file) => [...check(file)].map((what) => `${file.path}: ${what}`));
}

/** Packages in what `entries` import, through whatever files, by `importsOf` each; sorted. */
function findVendors(
  entries: readonly string[],
  importsOf: (file: SourceFile) => readonly string[],
): readonly string[] {
  const files = new Map(sources.map((file) => [file.path, file]));
  const reached = new Set(entries);
  const vendors = new Set<string>();
  for (const path of reached) {
    const file = files.get(path);
    if (file === undefined) throw new Error(`no source ${path}`);
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith(".")) reached.add(relative(root, resolve(root, dirname(path), specifier)));
      else if (!specifier.startsWith("node:"))
        vendors.add(/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
    }
  }
  return [...vendors].sort();
}

const exportedValue = /^export (?:async )?(?:abstract )?(?:function\*?|class|const) (\w+)/gm;

/** Names of values that more than one file of src exports today. The list may only become shorter. */
const sharedNames = `
  addressOf checkScadaConfig columnOf createStateStore describeColumn
  formatShare holdsWords listEvents namePoint openModels
  openRecordings parseNumber parsePoint
  readCollectorFile refuse shareOf splitFields weighEvidence
`;

describe("the house", () => {
  it("has files to look at", () => {
    expect(sources.length).toBeGreaterThan(10);
  });

  it("has only known rooms", () => {
    expect(breaches((file) => (file.room in mayImport ? [] : [`unknown room ${file.room}`]))).toEqual([]);
  });

  it("lets a room import only what the table allows", () => {
    const found = breaches(function* (file) {
      const allowed = mayImport[file.room] ?? [];
      for (const specifier of file.imports) {
        if (!specifier.startsWith(".")) continue;
        const path = relative(root, resolve(root, dirname(file.path), specifier));
        const target = roomOf(path);
        if (target === file.room || allowed.some((entry) => covers(entry, file.room, target, path))) continue;
        yield `${file.room} may not import ${target} (${specifier})`;
      }
    });
    expect(found).toEqual([]);
  });

  it("reaches a vendor through its one door", () => {
    const found = breaches(function* (file) {
      for (const specifier of file.imports) {
        for (const [vendor, allowed] of doors) {
          if (vendor.test(specifier) && !allowed.includes(file.path)) yield `imports ${specifier}`;
        }
      }
    });
    expect(found).toEqual([]);
  });

  it.each(daemons)("loads in a %s only the vendors of its list", (_name, entries, vendors) => {
    expect(findVendors(entries, ({ imports }) => imports)).toEqual(vendors.split(" "));
  });

  it("loads the code of a command only when it is called", () => {
    expect(findVendors(["src/cli/main.ts"], ({ code }) => readStaticImports(code))).toEqual(["commander"]);
  });

  it("imports no module by a computed name", () => {
    expect(breaches((file) => (hasComputedImport(file.code) ? ["computed import"] : []))).toEqual([]);
  });

  it("keeps pure rooms pure", () => {
    const found = breaches(function* (file) {
      if (!pureRooms.some((room) => isWithin(file.room, room))) return;
      for (const [what, pattern] of impurities) if (pattern.test(file.code)) yield `uses ${what}`;
    });
    expect(found).toEqual([]);
  });

  it("takes no tables of time zones and languages into a gateway", () => {
    const found = breaches(function* ({ path, room, code }) {
      if (!["core", "gateway"].some((part) => isWithin(room, part))) return;
      const own = path === "src/core/contract/iso-time.ts";
      if (!own && /\bto(?:ISO|UTC|Locale)\w*String\(/.test(code)) yield "says a time or a number by itself";
    });
    expect(found).toEqual([]);
  });

  it("holds no schema with parts in a gateway, but has it made on demand", () => {
    const parts =
      /^(?:export )?const \w+(?:: [^=]+)? =\s+z\s*\.(?:strictO|o|array|union|tuple|record|discriminated)/m;
    const found = breaches(({ path, room, code }) => {
      const isLeft = isWithin(room, "core/decision") || path === "src/core/contract/site-baseline.ts";
      const isLooked = !isLeft && ["core", "gateway"].some((part) => isWithin(room, part));
      return isLooked && parts.test(code) ? ["holds a schema as long as the process runs"] : [];
    });
    expect(found).toEqual([]);
  });

  it("has no file past 300 lines", () => {
    expect(breaches((file) => (file.text.split("\n").length > 301 ? ["too long"] : []))).toEqual([]);
  });

  it("keeps every main.ts within 60 lines", () => {
    const found = breaches((file) =>
      file.path.endsWith("/main.ts") && file.text.split("\n").length > 61 ? ["too long"] : [],
    );
    expect(found).toEqual([]);
  });

  it("opens every file with what it does", () => {
    const found = breaches((file) =>
      /^(#!.*\n)?(\/\*\*|\/\/)/.test(file.text) || /^(import[\s\S]*?;\n|\n)*\/\*\*/.test(file.text)
        ? []
        : ["no doc comment"],
    );
    expect(found).toEqual([]);
  });

  it("exports a name once", () => {
    const files = new Map<string, Set<string>>();
    for (const { path, code } of sources.filter((file) => file.path.startsWith("src/"))) {
      for (const [, name = ""] of code.matchAll(exportedValue)) {
        files.set(name, (files.get(name) ?? new Set<string>()).add(path));
      }
    }
    const shared = [...files].filter(([, paths]) => paths.size > 1).map(([name]) => name);
    expect(shared.sort()).toEqual(sharedNames.trim().split(/\s+/));
  });

  it("has no import cycle", () => {
    const graph = new Map(
      sources.map((file) => [
        file.path,
        file.imports
          .filter((specifier) => specifier.startsWith("."))
          .map((specifier) => relative(root, resolve(root, dirname(file.path), specifier))),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
        return;
      }
      if (done.has(path)) return;
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it("names no package registry's host", () => {
    const lock = readFileSync(join(root, "package-lock.json"), "utf8");
    expect(lock).not.toMatch(/"resolved": "https?:/);
  });
});

describe("the reader of imports", () => {
  it.each([
    ['import { a, type B } from "./a.ts";', ["./a.ts"]],
    ['import type * as all from "zod";', ["zod"]],
    ['import {\n  a as b,\n  c,\n} from "./a.ts";', ["./a.ts"]],
    ['import first, { second } from "x";', ["x"]],
    ['import "side-effect";', ["side-effect"]],
    ['export { a } from "./a.ts";\nexport * from "./b.ts";', ["./a.ts", "./b.ts"]],
    ["import { a } from './a.ts'; import { b } from './b.ts';", ["./a.ts", "./b.ts"]],
    ['const a = await import("./late.ts");', ["./late.ts"]],
    ['const load = createRequire(import.meta.url)("better-sqlite3");', ["better-sqlite3"]],
    ['const tf = require("@tensorflow/tfjs") as typeof TensorFlow;', ["@tensorflow/tfjs"]],
    ['(process.getBuiltinModule as (id: string) => unknown)("node:sqlite")', ["node:sqlite"]],
  ])("finds those of %j", (code, expected) => {
    expect(readImports(code)).toEqual(expected);
  });

  it.each([
    'export function connect(config: Config["mqtt"]): void {}',
    'export type Step = Update["step"] | "late";',
    'export const name = "mqtt";',
    'export const from = { mqtt: "mqtt" };',
    'const text = "see import { a } from";',
  ])("finds none in %j", (code) => {
    expect(readImports(code)).toEqual([]);
  });

  it("sees a computed name", () => {
    expect(hasComputedImport("await import(path)")).toBe(true);
    expect(hasComputedImport('await import("./a.ts")')).toBe(false);
  });
});
