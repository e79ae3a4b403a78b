/**
 * `npm run size:mcu [-- --json]`: builds the firmware for every core with QEMU's board, prints flash and RAM by part and
 * holds them against the limits; exit code 1 when one is broken. For the M0, on which only the engine is ever run here, no
 * flash is limited: that all of it builds is what is checked. Needs gcc-arm-none-eabi.
 */
import { type Footprint, findBrokenLimits, measureFootprint } from "./mcu/footprint.ts";
import { coreCompiler, coreNames, hasProgram } from "./mcu/toolchain.ts";
import { readOptions } from "./suite-options.ts";

const { values } = readOptions({
  command: "npm run size:mcu",
  does: "Flash and memory of the firmware on every core, held against their limits.",
  options: { json: { type: "boolean", default: false, means: "one JSON object instead of tables" } },
});
if (!hasProgram(coreCompiler)) {
  process.stderr.write(
    "the firmware's size cannot be measured without the Debian package gcc-arm-none-eabi\n",
  );
  process.exit(1);
}
const footprints = coreNames.map(measureFootprint);
const broken = footprints.flatMap(findBrokenLimits);
if (values.json) {
  process.stdout.write(`${JSON.stringify({ ok: broken.length === 0, cores: footprints })}\n`);
} else for (const footprint of footprints) print(footprint);
process.exitCode = broken.length > 0 ? 1 : 0;

function print({ core, parts, limits }: Footprint): void {
  const rows = Object.entries(parts).map(
    ([name, { flashBytes, ramBytes }]) => `  ${name.padEnd(44)} ${pad(flashBytes)} ${pad(ramBytes)}`,
  );
  const checks = limits.map(
    ({ what, bytes, limitBytes }) =>
      `  ${what.padEnd(44)} ${pad(bytes)}  of ${limitBytes}${bytes > limitBytes ? "  TOO LARGE" : ""}`,
  );
  const title = `Cortex-${core.toUpperCase()}`.padEnd(46);
  process.stdout.write(`${title} ${"flash".padStart(7)} ${"RAM".padStart(7)}\n`);
  process.stdout.write(`${rows.join("\n")}\n\n${checks.join("\n")}\n\n`);
}

function pad(bytes: number): string {
  return String(bytes).padStart(7);
}
