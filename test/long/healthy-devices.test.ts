import { expect, test } from "vitest";
import { createRandom } from "../../src/core/maths/random.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { openSloppyRig, type Sloppiness } from "../gateway/sloppy-rig.ts";

const hour = 3600;
const quartz = 50e-6;

/** A radio link: a few hundred milliseconds as a rule, two seconds now and then. */
function hesitate(seed: number): (index: number) => number {
  const random = createRandom(seed);
  return (index) => (index % 15_000 < 50 ? 2_000 : 300 * random.uniform() ** 2);
}

/** The converter's own noise: what a standing machine sends. */
function stand(counts: Int16Array): void {
  for (const index of counts.keys()) counts[index] = 12 + (counts[index]! & 1);
}

test.each([
  ["stamps of a quartz that gains, over a radio link", 8, +quartz],
  ["stamps of a quartz that loses, over a radio link", 8, -quartz],
  ["no stamps", 8, null],
] as const)(
  "a healthy device with %s is told nothing of in %i h",
  { timeout: 600_000 },
  async (name, hours, error) => {
    const rig = await openSloppyRig();
    const began = rig.clock.nowMs();
    const sloppiness: Sloppiness = {
      delayMs: hesitate(hours),
      clock: error === null ? () => 0 : (worldMs) => worldMs + 5_000 + (worldMs - began) * error,
      ...(error === null ? {} : { rateHz: 12_000 * (1 - error) }),
    };
    rig.boot();
    for (let each = 0; each < hours; each += 2) {
      rig.stream(hour, sloppiness);
      rig.stream(hour / 4, { ...sloppiness, shaftRpm: 0, fill: stand });
      rig.stream(hour / 2, sloppiness);
      // Somebody works at the line, and then switches the device off and on.
      rig.connect(false);
      rig.wait(10);
      rig.connect(true);
      rig.stream(hour / 4, sloppiness);
      rig.boot();
    }
    process.stdout.write(`${name}: ${hours} h heard, ${rig.logged.length} diagnoses\n`);
    expect(rig.logged).toEqual([]);
  },
);

test("twelve simulated machines, in weather from calm to storm, have the level of healthy ones", {
  timeout: 600_000,
}, async () => {
  let windows = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const simulation = createTurbineSimulation({
      seed,
      turbines: 1,
      fault: "none",
      meanWindMetresPerSecond: 4 + (seed % 10),
      slowWindS: 30,
    });
    const rig = await openSloppyRig("listens");
    rig.boot();
    let shaftRpm = 0;
    for (let second = 0; second < 600; second++) {
      rig.stream(1, {
        shaftRpm,
        fill: (counts) => {
          const block = simulation.nextBlock(0, counts.length);
          counts.set(block.counts);
          shaftRpm = block.shaftRpm;
        },
      });
    }
    windows += rig.watch.windows;
    expect(rig.logged, `seed ${seed}`).toEqual([]);
  }
  process.stdout.write(`levels of healthy machines: ${windows} windows of 12 machines, 0 diagnoses\n`);
  expect(windows).toBeGreaterThan(2_000);
});
