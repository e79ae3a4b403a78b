/**
 * Builds the firmware: `node firmware-bridge/mcu/build.mjs TARGET... [--out FOLDER]`. Targets: `host`, a program for this
 * machine that is the whole firmware; `link-tool`, its frames and codec for tests. Prints the path of what it made.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const warnings = [
  ...[
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wpedantic",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
  ],
  ...[
    "-Wcast-align",
    "-Wundef",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wdouble-promotion",
    "-Wvla",
  ],
];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
/** The firmware without a board. */
const firmware = ["bytes.c", "crc32.c", "frame.c", "codec.c", "link.c", "fifo.c", "firmware.c"];
/** Sources and libraries by target. */
const targets = {
  host: { sources: [...firmware, "board_host.c"], libraries: ["-lutil"], output: "firmware-host" },
  "link-tool": {
    sources: ["bytes.c", "crc32.c", "frame.c", "codec.c", "host/link_tool.c"],
    // As large as the protocol allows, so that every example of PROTOCOL.md can be tried.
    defines: ["-DFRAME_MAX_PAYLOAD=1024U"],
    libraries: [],
    output: "link-tool",
  },
};

const args = process.argv.slice(2);
const outAt = args.indexOf("--out");
const out = outAt < 0 ? join(here, "..", "..", "dist", "mcu") : args[outAt + 1];
const names = outAt < 0 ? args : args.slice(0, outAt);
mkdirSync(out, { recursive: true });
for (const name of names) {
  const target = targets[name];
  if (target === undefined) {
    console.error(`unknown target "${name}"; there are ${Object.keys(targets).join(", ")}`);
    process.exit(2);
  }
  const path = join(out, target.output);
  const sources = target.sources.map((source) => join(here, source));
  const flags = [
    ...warnings,
    ...sanitizers,
    ...(target.defines ?? []),
    "-O1",
    "-g",
    "-iquote",
    here,
    "-o",
    path,
  ];
  const run = spawnSync(process.env.CC ?? "cc", [...flags, ...sources, ...target.libraries], {
    stdio: "inherit",
  });
  if (run.status !== 0) process.exit(run.status ?? 1);
  console.log(path);
}
