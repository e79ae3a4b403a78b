import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { hasComputedImport, readImports, stripComments } from "./support/read-imports.ts";

const root = resolve(import.meta.dirname, "..");

/** Rooms on the way from bytes to a decision, which training goes as well. */
const serving = [
  ...[
    "firmware-bridge",
    "contract",
    "wire",
    "maths",
    "platform",
    "ingest",
    "window",
    "features",
    "inference",
  ],
  ...["explain", "decision", "drift", "bundle"],
];
/** What only the roots of daemons join to it. */
const compositionRoot = ["alert", "store", "uplink", "ota", "registry", "rollout", "dataset", "simulate"];

/** Who may import whom. A room may always import itself; `*` means every room. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "firmware-bridge": ["contract", "maths", "platform"],
  contract: [],
  wire: ["contract"],
  maths: [],
  platform: ["contract"],
  ingest: ["contract", "maths"],
  window: ["contract", "maths"],
  features: ["contract", "maths"],
  inference: ["contract", "maths", "platform"],
  explain: ["contract", "maths"],
  decision: ["contract", "maths"],
  alert: ["contract"],
  drift: ["contract", "maths"],
  store: ["contract", "wire", "platform"],
  uplink: ["contract", "wire", "platform"],
  bundle: ["contract", "platform"],
  ota: ["contract", "platform", "bundle"],
  registry: ["contract", "maths", "platform", "bundle"],
  rollout: ["contract", "maths", "platform", "bundle"],
  dataset: ["contract", "maths", "platform"],
  simulate: ["contract", "maths"],
  training: [...serving, "registry", "dataset", "simulate"],
  gateway: [...serving, ...compositionRoot],
  collector: [...serving, ...compositionRoot],
  cli: ["*"],
};

/** Rooms that are numbers and values only: no I/O, no waiting, no clock, no dice. */
const pureRooms = new Set([
  ...["contract", "wire", "maths", "ingest", "window", "features", "explain", "decision", "drift", "rollout"],
  "simulate",
]);
const impurities: readonly (readonly [string, RegExp])[] = [
  ["a node: module", /from "node:|import\("node:|require\(/],
  ["async", /\basync\b|\bawait\b|\bPromise\b/],
  ["the wall clock", /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/],
  ["unseeded randomness", /\bMath\.random\b/],
  ["a timer", /\bset(?:Timeout|Interval|Immediate)\b/],
];

/** One vendor, one door. */
const doors: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^onnxruntime-node/, ["src/inference/onnx-session.ts"]],
  [/^@tensorflow\//, ["src/training/tensorflow.ts"]],
  [/^serialport/, ["firmware-bridge/serial-transport.ts"]],
  [/^mqtt$/, ["src/platform/mqtt-client.ts"]],
  [/^aedes/, ["src/platform/embedded-broker.ts"]],
  [/^better-sqlite3|^node:sqlite/, ["src/platform/sqlite.ts"]],
  [/^pino/, ["src/platform/logger.ts"]],
  [/^prom-client/, ["src/platform/metrics.ts"]],
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

function roomOf(path: string): string {
  return path.startsWith("firmware-bridge/") ? "firmware-bridge" : (path.split("/")[1] ?? "");
}

const sources = readSources();

/** All breaches found by `check`, as `path: what`. */
function breaches(check: (file: SourceFile) => Iterable<string>): string[] {
  return sources.flatMap((file) => [...check(file)].map((what) => `${file.path}: ${what}`));
}

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
        const target = roomOf(relative(root, resolve(root, dirname(file.path), specifier)));
        if (target === file.room || allowed.includes("*") || allowed.includes(target)) continue;
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

  it("imports no module by a computed name", () => {
    expect(breaches((file) => (hasComputedImport(file.code) ? ["computed import"] : []))).toEqual([]);
  });

  it("keeps pure rooms pure", () => {
    const found = breaches(function* (file) {
      if (!pureRooms.has(file.room)) return;
      for (const [what, pattern] of impurities) if (pattern.test(file.code)) yield `uses ${what}`;
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
