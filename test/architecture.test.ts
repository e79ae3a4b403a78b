import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import {
  breaches,
  covers,
  findVendors,
  isWithin,
  readSources,
  roomOf,
  root,
  type SourceFile,
  sources,
} from "./support/house-sources.ts";
import { below, mayImport } from "./support/import-table.ts";
import { hasComputedImport, readImportedNames, readStaticImports } from "./support/read-imports.ts";

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
  [/^mqtt$/, ["src/core/platform/mqtt/mqtt-client.ts"]],
  [/^mqtt-packet/, ["src/core/platform/mqtt/mqtt5-packets.ts"]],
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
    "@tufjs/models better-sqlite3 commander modbus-serial mqtt mqtt-packet node-opcua-certificate-manager node-opcua-client onnxruntime-node pino prom-client protobufjs serialport tuf-js yaml zod",
  ],
  [
    "collector",
    [
      "src/cli/commands/collector.ts",
      "src/collector/worker-main.ts",
      "src/collector/page-main.ts",
      "src/collector/record/sqlite/record-check-main.ts",
    ],
    "@tufjs/models aedes aws4fetch better-sqlite3 commander fastify mqtt mqtt-packet pg pino prom-client protobufjs uplot yaml zod",
  ],
];

const exported =
  /^export (?:async )?(?:abstract )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm;

/** Files of tests that are longer than the others may be. The list may only become shorter. */
const longTests = `
  test/cli/score/replay/plan-replay.test.ts
  test/collector/compose.test.ts
  test/collector/record/drift-record-suite.ts
  test/collector/record/fleet-record-suite.ts
  test/collector/uplink/uplink-ingest.test.ts
  test/core/decision/alarms/alarm-register.test.ts
  test/core/decision/point-watch.test.ts
  test/core/explain/physical-evidence.test.ts
  test/gateway/devices/sloppy-devices.test.ts
  test/gateway/points/drift-post.test.ts
  test/gateway/points/workers.long.test.ts
  test/long/ingest-workers.test.ts
  test/long/postgres-record.test.ts
  test/training/gate/gate.test.ts
`;

function listLonger(files: readonly SourceFile[], lines: number): string[] {
  return files.filter(({ text }) => text.split("\n").length > lines + 1).map(({ path }) => path);
}

/** What these files import by name of files of the repository, as `path name`. */
function listImported(files: readonly SourceFile[]): ReadonlySet<string> {
  const imported = new Set<string>();
  for (const { path, code } of files) {
    for (const [specifier, name] of readImportedNames(code)) {
      if (specifier.startsWith(".")) imported.add(`${resolve(root, dirname(path), specifier)} ${name}`);
    }
  }
  return imported;
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
    const loadedBy = (entry: string) => findVendors([entry], ({ code }) => readStaticImports(code));
    // What an old Node cannot load must not keep it from saying so.
    expect(loadedBy("src/cli/main.ts")).toEqual([]);
    expect(loadedBy("src/cli/run-command.ts")).toEqual(["commander"]);
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

  it("has no file past 300 lines, nor a script", () => {
    expect(listLonger([...sources, ...readSources(["scripts"])], 300)).toEqual([]);
  });

  it("has no file of tests past 400 lines, but for those that were", () => {
    expect(listLonger(readSources(["test"]), 400).sort()).toEqual(longTests.trim().split(/\s+/));
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
      for (const [, name = ""] of code.matchAll(exported)) {
        files.set(name, (files.get(name) ?? new Set<string>()).add(path));
      }
    }
    const shared = [...files].filter(([, paths]) => paths.size > 1).map(([name]) => name);
    expect(shared).toEqual([]);
  });

  it("exports only what another file imports", () => {
    const imported = listImported([...sources, ...readSources(["test", "scripts"])]);
    const found = breaches(function* ({ path, code }) {
      for (const [, name = ""] of code.matchAll(exported)) {
        if (!imported.has(`${join(root, path)} ${name}`)) yield name;
      }
    });
    expect(found).toEqual([]);
  });

  it("exports nothing that tests alone use", () => {
    const imported = listImported([...sources, ...readSources(["scripts"])]);
    const found = breaches(function* ({ path, code }) {
      for (const [, name = ""] of code.matchAll(exported)) {
        const isUsedHere = [...code.matchAll(new RegExp(`\\b${name}\\b`, "g"))].length > 1;
        if (!isUsedHere && !imported.has(`${join(root, path)} ${name}`)) yield name;
      }
    });
    expect(found).toEqual([]);
  });

  it("names a class once", () => {
    const names = sources.flatMap(({ code }) => [
      ...code.matchAll(/^(?:export )?(?:abstract )?class (\w+)/gm),
    ]);
    const found = names
      .map(([, name = ""]) => name)
      .filter((name, place, all) => all.indexOf(name) !== place);
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
