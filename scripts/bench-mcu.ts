/** `npm run bench:mcu [-- --json]`: the microcontroller's part of `npm run bench` by itself, as tables or one JSON object. */
import { measureMcu, publishedPeers } from "./bench/bench-mcu.ts";
import { renderChain } from "./mcu/render-chain.ts";
import { readOptions } from "./suite-options.ts";

const { values } = readOptions({
  command: "npm run bench:mcu",
  does: "What the student and its features cost on microcontrollers.",
  options: { json: { type: "boolean", default: false, means: "one JSON object instead of tables" } },
});
const report = await measureMcu();
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else if ("skipped" in report) process.stdout.write(`skipped ${report.skipped}\n`);
else {
  const lines = ["inference          core  multiply-adds  instructions  cycles (model)"];
  for (const one of report.inference) {
    lines.push(
      `${one.student.padEnd(18)} ${one.core.padEnd(5)} ${pad(one.multiplyAdds, 13)} ${pad(one.instructions, 13)} ${pad(one.cycles ?? "-", 15)}`,
    );
  }
  const ours = report.inference.find((one) => one.core === "m4" && one.student === "32-16-4");
  lines.push("", "32-16-4 on Cortex-M4, cycles (others: as published, measured on silicon)");
  lines.push(`  aurora-edge, zero-wait-state model  ${pad(ours?.cycles ?? "-", 6)}`);
  for (const peer of publishedPeers) lines.push(`  ${peer.runtime.padEnd(34)}  ${pad(peer.cycles, 6)}`);
  lines.push("", "features of a window    core    samples  instructions  of them at the end  stack");
  for (const one of report.features) {
    const what = `${one.revolutions.toFixed(1)} rev. at ${one.sampleRateHz / 1000} kHz`;
    lines.push(
      `${what.padEnd(23)} ${one.core.padEnd(5)} ${pad(one.samples, 9)} ${pad(one.instructions, 13)} ${pad(one.finishInstructions, 18)} ${pad(one.stackBytes, 6)}`,
    );
  }
  lines.push("", ...renderChain(report.chain));
  process.stdout.write(`${lines.join("\n")}\n`);
}

function pad(value: number | string, width: number): string {
  return String(value).padStart(width);
}
