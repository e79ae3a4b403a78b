import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createRandom } from "../../../../src/core/maths/random.ts";

import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { auroraHere } from "../../aurora.ts";
import { encodeNpy, shippedBundle } from "../recordings.ts";

const rateHz = 20_000;
const seconds = 12;
const order = 3.5848;
const bearing = `bpfo=${order},bpfi=5.4152,bsf=4.7135,ftf=0.39828`;

/** An outer race that rings while the shaft goes from 15 to 24 turns a second and back; a tachometer, and the speed in Hz. */
function recordRunUp(): Float64Array {
  const random = createRandom(5);
  const length = seconds * rateHz;
  const out = new Float64Array(3 * length);
  let turns = 0;
  let sincePass = 0;
  for (let at = 0; at < length; at++) {
    const speedHz = 19.5 - 4.5 * Math.cos((2 * Math.PI * at) / length);
    const before = turns;
    turns += speedHz / rateHz;
    if (Math.floor(turns * order) > Math.floor(before * order)) sincePass = 0;
    const ring = Math.exp((-900 * sincePass) / rateHz) * Math.sin((2 * Math.PI * 3100 * sincePass) / rateHz);
    sincePass++;
    out[at] = ring + 0.15 * random.normal();
    out[length + at] = (turns * 8) % 1 < 0.3 ? 5 : 0;
    out[2 * length + at] = speedHz;
  }
  return out;
}

it("is followed by a channel of speed or a tachometer, in plain scores and when the past is replayed", async () => {
  const folder = createTemporaryFolder();
  const file = join(folder, "a.npy");
  writeFileSync(file, encodeNpy(recordRunUp(), [3, seconds * rateHz]));
  const common = ["--rate-hz", `${rateHz}`, "--channel", "0", "--bearing", bearing, "--json"];
  const plain = ["score", shippedBundle, "--input", file, "--out", join(folder, "o.csv"), ...common];
  const scoreAt = async (...speed: string[]) => {
    const { stdout, stderr } = await auroraHere(...plain, ...speed);
    if (!speed.includes("--shaft-rpm")) expect(stderr).not.toContain("warning: speed");
    return JSON.parse(stdout).files[0];
  };
  const byMean = await scoreAt("--shaft-rpm", "1170");
  expect(byMean.probabilities.outer).toBeLessThan(0.8);
  for (const speed of ["channel=1,pulses=8", "channel=2,unit=hz"]) {
    const { windows, probabilities } = await scoreAt("--speed", speed);
    expect(windows).toBe(3);
    expect(probabilities.outer).toBeGreaterThan(0.99);
  }
  const inHertz = await auroraHere(...plain, "--speed", "2");
  expect(inHertz.stderr).toMatch(
    /warning: speed: .*a\.npy: at 19\.5 rpm .* is that the speed in Hz \(1170 rpm\)\?/,
  );
  expect(inHertz.stderr).not.toContain("--shaft-rpm");
  expect((await auroraHere("score", "--help")).stdout.replace(/\s+/g, " ")).toContain(
    "channel=..,scale=0.0103 where",
  );
  const slow = await auroraHere(...plain, "--speed", "channel=2,unit=hz,scale=0.05");
  expect(slow.stderr).not.toContain("warning: speed");
  // Said beside the file.
  const said = { rateHz, channel: 0, speed: { channel: 1, pulses: 8 }, time: "2026-01-01T00:00:00Z" };
  writeFileSync(join(folder, "a.json"), JSON.stringify(said));
  const replay = ["score", shippedBundle, "--decide", "--input", file, "--bearing", bearing, "--json"];
  const [point] = JSON.parse((await auroraHere(...replay)).stdout).points;
  expect(point.unheardRecordings).toBe(0);
  expect(await scoreAt()).toMatchObject({ windows: 3 });
});
