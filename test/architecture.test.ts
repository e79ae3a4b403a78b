import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");

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
  training: [
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
    ...["explain", "decision", "drift", "bundle", "registry", "dataset", "simulate"],
  ],
  gateway: [
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
    ...["explain", "decision", "alert", "drift", "store", "uplink", "bundle", "ota", "registry", "rollout"],
    ...["dataset", "simulate"],
  ],
  collector: [
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
    ...["explain", "decision", "alert", "drift", "store", "uplink", "bundle", "ota", "registry", "rollout"],
    ...["dataset", "simulate"],
  ],
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
      // Comments and strings may speak of anything.
      const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
      const specifiers = code.matchAll(
        /(?:^|\n)\s*(?:import|export)[^;"']*?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g,
      );
      files.push({
        path,
        room: roomOf(path),
        text,
        code,
        imports: [...specifiers].map((match) => match[1] ?? match[2] ?? ""),
      });
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
