import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { DeviceDiagnosis } from "../../../src/core/contract/device/device-diagnosis.ts";
import { minuteMs } from "../../../src/core/maths/durations.ts";
import { createTurbineSimulation } from "../../../src/core/simulate/turbine-simulation.ts";
import { openSloppyRig, type Sloppiness, type SloppyRig } from "../sloppy-rig.ts";

/** A device that streams like this for so many seconds, after a boot. */
async function listen(sloppiness: Sloppiness, seconds = 60): Promise<SloppyRig> {
  const rig = await openSloppyRig();
  rig.boot();
  rig.stream(seconds, sloppiness);
  return rig;
}

/** The samples of a healthy machine whose scale is said so many times too large. */
function healthyTimes(factor: number): Sloppiness {
  const simulation = createTurbineSimulation({
    seed: 5,
    turbines: 1,
    fault: "none",
    meanWindMetresPerSecond: 12,
  });
  return {
    shaftRpm: 1_710,
    fill: (counts) => {
      const { counts: real } = simulation.nextBlock(0, counts.length);
      for (const index of counts.keys())
        counts[index] = Math.max(-32_700, Math.min(32_700, Math.round(real[index]! * factor)));
    },
  };
}

function clipAt2G(counts: Int16Array): void {
  for (const index of counts.keys()) counts[index] = Math.max(-4_096, Math.min(4_096, counts[index]! * 10));
}

/** 50 Hz of this amplitude, in counts, with the converter's noise. */
function hum(amplitude: number): (counts: Int16Array) => void {
  let position = 0;
  return (counts) => {
    for (const index of counts.keys()) {
      const phase = (2 * Math.PI * 50 * position++) / 12_000;
      counts[index] = Math.round(amplitude * Math.sin(phase)) + (counts[index]! & 1);
    }
  };
}

/** Noise of a minute, and the converter's for four. */
function pump(): (counts: Int16Array) => void {
  let position = 0;
  return (counts) => {
    position += counts.length;
    if (position % 3_600_000 > 720_000) counts.set(counts.map((count) => count & 1));
  };
}

test("a healthy device is told nothing of, and its clock is believed", async () => {
  const rig = await listen({ clock: (worldMs) => worldMs - 3_000 }, 120);
  expect(rig.said).toEqual([]);
  expect(rig.logged).toEqual([]);
  expect(rig.lastAgeMs).toBeCloseTo(-3_000, 0);
});

describe("a clock", () => {
  test("is not judged by a gateway that has not been told the time yet", async () => {
    const rig = await openSloppyRig();
    const worldMs = rig.clock.nowMs();
    rig.clock.jump(-worldMs);
    rig.boot();
    rig.stream(20, { clock: (ms) => worldMs + ms });
    expect(rig.said).toEqual([]);
    rig.clock.jump(worldMs);
    rig.stream(20);
    expect(rig.logged).toEqual([]);
  });

  test("that is two hours ahead is named at the first packet, and no sample is dated later than it came", async () => {
    const rig = await listen({ clock: (worldMs) => worldMs + 120 * minuteMs }, 0.04);
    expect(rig.lastAgeMs).toBeLessThanOrEqual(0);
    rig.stream(20, { clock: (worldMs) => worldMs + 120 * minuteMs });
    expect(rig.said).toEqual(["clock: clock is 2 h ahead; time of arrival is used"]);
    expect(rig.logged).toEqual([
      expect.stringMatching(/^device mcu-1: clock is 2 h ahead.*\| Set the device's clock \(UTC\)/),
    ]);
    expect(rig.lastAgeMs).toBeGreaterThan(-1_000);
    expect(rig.lastAgeMs).toBeLessThanOrEqual(0);
  });

  test("that is two hours behind is named when it is sure that its data are not old", async () => {
    const rig = await listen({ clock: (worldMs) => worldMs - 120 * minuteMs });
    expect(rig.said).toEqual(["clock: clock is 2 h behind; time of arrival is used"]);
    expect(Math.abs(rig.lastAgeMs)).toBeLessThan(1_000);
  });

  test("that counts from its start is known by its first stamp, and no sample is dated in 1970", async () => {
    const began = (await openSloppyRig()).clock.nowMs();
    const clock = (worldMs: number): number => worldMs - began;
    const rig = await listen({ clock }, 1);
    expect(rig.said).toEqual([
      "clock: clock was never set, and says a time before 2020; time of arrival is used",
    ]);
    for (let second = 0; second < 30; second++) {
      expect(Math.abs(rig.lastAgeMs)).toBeLessThan(1_000);
      rig.stream(1, { clock });
    }
    // Then it is set.
    rig.stream(5);
    expect(rig.said).toEqual([]);
    expect(rig.lastAgeMs).toBeCloseTo(0, 0);
  });

  test("that was set right is believed again, without a sample lost", async () => {
    const rig = await listen({ clock: (worldMs) => worldMs + 120 * minuteMs });
    rig.stream(20);
    expect(rig.said).toEqual([]);
    expect(rig.logged.at(-1)).toBe("over: clock is 2 h ahead; time of arrival is used");
    expect(rig.lastAgeMs).toBeCloseTo(0, 0);
  });

  test("that jumps by two hours while the device runs is put right at once", async () => {
    const rig = await listen({});
    rig.stream(5, { clock: (worldMs) => worldMs + 120 * minuteMs });
    expect(rig.said).toEqual(["clock: clock is 2 h ahead; time of arrival is used"]);
    expect(Math.abs(rig.lastAgeMs)).toBeLessThan(1_000);
  });

  test("that gains is told by how much", async () => {
    const began = (await openSloppyRig()).clock.nowMs();
    const rig = await listen({ clock: (worldMs) => worldMs + (worldMs - began) * 0.01 }, 240);
    expect(rig.said).toEqual([expect.stringMatching(/^clock-drift: clock gains (35|36)(\.\d)? s an hour$/)]);
  });

  test("that runs faster than the world, as a recording's does, is left alone", async () => {
    const rig = await openSloppyRig();
    rig.boot({ channels: [{ name: "accel-de", unit: "g", sampleRateHz: 400, scale: 0.0005 }] });
    const began = rig.clock.nowMs();
    rig.stream(120, { clock: (worldMs) => began - 60 * minuteMs + (worldMs - began) * 30 });
    expect(rig.said).toEqual([expect.stringMatching(/^set-aside: all of its data is set aside/)]);
    expect(rig.lastAgeMs).toBeCloseTo(-60 * minuteMs + 29 * 2 * minuteMs, -3);
  });
});

describe("a sampling rate", () => {
  test("that indices and time stamps show to be another is told with both", async () => {
    const rig = await listen({ rateHz: 12_240 }, 150);
    expect(rig.said).toEqual(["rate: 12,240 Hz measured, 12,000 said"]);
  });

  test("that only arrivals show to be another, because stamps are counted from samples, is told too", async () => {
    const began = (await openSloppyRig()).clock.nowMs();
    const rig = await listen({ rateHz: 12_240, clock: (worldMs) => began + (worldMs - began) * 1.02 }, 240);
    expect(rig.said).toEqual(["rate: 12,240 Hz measured, 12,000 said"]);
  });

  test("is measured without time stamps as well", async () => {
    const rig = await listen({ rateHz: 11_760, clock: () => 0 }, 240);
    expect(rig.said).toEqual(["rate: 11,760 Hz measured, 12,000 said"]);
  });

  test("is measured without time stamps however fast it is", async () => {
    const rig = await listen({ rateHz: 48_000, clock: () => 0 }, 150);
    expect(rig.said).toEqual(["rate: 48,000 Hz measured, 12,000 said"]);
  });

  test.each([
    [
      "a line of 1 kB/s, so that what comes is old",
      (worldMs: number, began: number) => began + (worldMs - began) / 24,
    ],
    ["a converter without stamps", () => 0],
  ])("that never arrives, for %s, is told as such and not as a wrong clock", async (_name, clockOf) => {
    const began = (await openSloppyRig()).clock.nowMs();
    const rig = await listen({ rateHz: 500, clock: (worldMs) => clockOf(worldMs, began) }, 300);
    expect(rig.said).toEqual(["rate: sends 500 samples a second, 12,000 Hz said"]);
    expect(rig.logged).toHaveLength(1);
  });

  test("at the border of what is told is told once", async () => {
    const rig = await listen({ rateHz: 12_061 }, 1_800);
    expect(rig.logged).toEqual([expect.stringContaining("Hz measured, 12,000 said")]);
  });
});

describe("frames", () => {
  test("that are sent twice are told as such", async () => {
    const rig = await listen({
      carry: (packet, _index, arrive) => {
        arrive(packet);
        arrive(packet);
      },
    });
    expect(rig.said).toEqual(["frames-twice: every frame arrives twice"]);
    rig.stream(120);
    expect(rig.said).toEqual([]);
    expect(rig.logged).toEqual([
      expect.stringContaining("every frame arrives twice | Repeat only what"),
      "over: every frame arrives twice",
    ]);
  });

  test("that arrive out of order are told apart from lost ones", async () => {
    let held: Buffer | null = null;
    const rig = await listen({
      carry: (packet, index, arrive) => {
        if (index % 10 === 3) held = packet;
        else {
          arrive(packet);
          if (held !== null) arrive(held);
          held = null;
        }
      },
    });
    expect(rig.said).toEqual([
      expect.stringMatching(/^frames-out-of-order: 10 % of the frames arrive out of order/),
    ]);
  });

  test("that never arrive are counted by their numbers", async () => {
    const rig = await listen({
      carry: (packet, index, arrive) => {
        if (index % 20 !== 3) arrive(packet);
      },
    });
    expect(rig.said).toEqual(["frames-lost: 5.0 % of the frames never arrive"]);
  });

  test("that all arrive, but with samples missing between them, point at the device", async () => {
    const rig = await openSloppyRig();
    rig.boot();
    for (let packet = 0; packet < 1_500; packet++) {
      rig.wait(0.04);
      rig.send({
        type: "raw-window",
        channel: 0,
        firstSample: packet * 480,
        timestampUs: rig.clock.nowMs() * 1000 - 40_000,
        shaftRpm: 1_500,
        counts: Int16Array.from({ length: 400 }, (_, index) => (((packet + index) * 37) % 601) - 300),
      });
    }
    rig.wait(2);
    expect(rig.said).toEqual([expect.stringMatching(/^samples-missing: 17 % of the samples are missing/)]);
  });
});

describe("a device that comes and goes", () => {
  test("is told how often it restarted, and not that there is no contact", async () => {
    const rig = await openSloppyRig();
    for (let boot = 0; boot < 13; boot++) {
      rig.boot();
      rig.stream(4);
      rig.connect(false);
      rig.wait(1);
      rig.connect(true);
    }
    expect(rig.said).toEqual(["restarts: restarted 12 times in 1 min"]);
    expect(rig.logged).toEqual([
      expect.stringMatching(/^device mcu-1: restarted 3 times in 1 min \| Look at its supply/),
    ]);
  });

  test("under one session number is known by its uptime", async () => {
    const rig = await openSloppyRig();
    for (let boot = 0; boot < 5; boot++) {
      rig.boot({ sessionId: 77 });
      for (let second = 2; second <= 10; second += 2) {
        rig.wait(2);
        rig.send({
          type: "health",
          uptimeMs: second * 1000,
          droppedSamples: 0,
          discardedBytes: 0,
          badFrames: 0,
        });
      }
    }
    expect(rig.said).toContain("restarts: restarted 4 times in 1 min");
  });

  test("is two devices where old sessions come back", async () => {
    const rig = await openSloppyRig();
    for (let turn = 0; turn < 3; turn++) {
      for (const sessionId of [111, 222]) {
        rig.boot({ sessionId });
        rig.stream(5);
      }
    }
    expect(rig.said).toEqual([
      expect.stringMatching(/^two-devices: two devices use its id: .* came back 4 times/),
    ]);
  });

  test("is two devices, and not a line that loses samples, where each goes on with its own count", async () => {
    const rig = await openSloppyRig();
    let position = 0;
    for (let turn = 0; turn < 8; turn++) {
      for (const sessionId of [111, 222]) {
        rig.boot({ sessionId });
        for (let packet = 0; packet < 50; packet++) {
          rig.wait(1);
          rig.send({
            type: "raw-window",
            channel: 0,
            firstSample: 480 * packet + 48_000 * turn + (packet % 10 === 0 ? 0 : 200 * packet),
            timestampUs: rig.clock.nowMs() * 1000 - 40_000,
            shaftRpm: 1_500,
            counts: Int16Array.from({ length: 480 }, () => (((position++ * 7_919) % 60_013) % 601) - 300),
          });
        }
      }
    }
    rig.wait(1);
    expect(rig.said).toEqual([expect.stringMatching(/^two-devices: /)]);
  });

  test("has no contact once it stays away, and is well when it is back", async () => {
    const rig = await listen({});
    rig.line(false);
    rig.wait(20);
    expect(rig.said).toEqual(["no-contact: nothing is heard of it: the line broke"]);
    expect(rig.watch.noContact).toBe("the line broke");
    expect(rig.watch.diagnoses[0]?.cure).toMatch(/^Check its power/);
    rig.watch.state("connecting", "cannot open /dev/ttySC0: Permission denied", "join group dialout");
    rig.wait(1);
    expect(rig.watch.diagnoses[0]?.cure).toBe("join group dialout");
    rig.watch.state("connecting", "the line broke");
    rig.wait(1);
    expect(rig.watch.diagnoses[0]?.cure).toMatch(/^Check its power/);
    rig.line(true);
    rig.boot();
    rig.stream(5);
    expect(rig.said).toEqual([]);
    expect(rig.watch.noContact).toBeNull();
  });

  test("is not blamed either where there is no broker at the start", async () => {
    const rig = await openSloppyRig("deaf", "down");
    rig.wait(60);
    expect(rig.said).toEqual([]);
    rig.connect(true);
    rig.wait(58);
    expect([...rig.said, ...rig.logged]).toEqual([]);
    rig.wait(3);
    expect(rig.said).toEqual([expect.stringMatching(/^no-contact: .*the line is open/)]);
  });

  test("is not blamed for a broker that the gateway has lost, and has its time once that is back", async () => {
    const rig = await listen({});
    for (let loss = 0; loss < 4; loss++) {
      rig.connect(false);
      rig.wait(20);
      expect(rig.said).toEqual([]);
      rig.connect(true);
      rig.wait(55);
      expect(rig.said).toEqual([]);
      expect(rig.logged).toEqual([]);
    }
    rig.wait(10);
    const silent = [expect.stringMatching(/^no-contact: .*the line is open, but no device says hello/)];
    expect(rig.said).toEqual(silent);
    rig.connect(false);
    rig.wait(100);
    expect(rig.said).toEqual(silent);
    rig.connect(true);
    rig.boot();
    rig.stream(5);
    expect(rig.said).toEqual([]);
  });
});

test("a line that opens and says nothing is told, however often it is made again", async () => {
  const rig = await openSloppyRig();
  for (let attempt = 0; attempt < 4; attempt++) {
    rig.line(true);
    rig.wait(10);
    rig.line(false);
    rig.wait(2);
  }
  rig.line(true);
  rig.wait(5);
  expect(rig.said).toEqual([
    expect.stringMatching(/^no-contact: .*the line is open, but no device says hello/),
  ]);
  const [told] = rig.watch.diagnoses;
  rig.wait(1);
  expect(rig.watch.diagnoses[0]?.sinceMs).toBe(told?.sinceMs);
  rig.boot();
  rig.stream(5);
  expect(rig.said).toEqual([]);
});

describe("a sensor", () => {
  test.each([
    ["9.81 too large", 9.81, /^level 2\d dB above a healthy machine: is the unit m\/s2\?$/],
    [
      "9.81 too small",
      1 / 9.81,
      /^level 1\d dB below a healthy machine: is the unit m\/s2, or does the machine stand while a speed is stated of it\?$/,
    ],
    ["1,000 too small", 1 / 1000, /^accel-de is a constant /],
  ])("whose scale is %s is asked about its unit", async (_name, factor, text) => {
    const rig = await openSloppyRig("listens");
    rig.boot();
    rig.stream(40, healthyTimes(factor));
    expect(rig.watch.diagnoses.map((each) => each.text)).toEqual([expect.stringMatching(text)]);
    if (factor > 1)
      expect(rig.watch.diagnoses[0]?.cure).toMatch(/counts up from 0 .* bytes that are swapped/);
  });

  test("of which the scale is right is not", async () => {
    const rig = await openSloppyRig("listens");
    rig.boot();
    rig.stream(40, healthyTimes(1));
    expect(rig.said).toEqual([]);
  });

  test.each([
    ["does not change", (counts: Int16Array) => counts.fill(1000), "identical samples in a row"],
    [
      "is clipped",
      (counts: Int16Array) => {
        for (const index of counts.keys())
          counts[index] = Math.max(-32_768, Math.min(32_767, counts[index]! * 100));
      },
      "the converter is saturated",
    ],
  ])("that %s has its data set aside, with the reason", async (_name, fill, detail) => {
    const rig = await listen({ fill });
    expect(rig.said).toContainEqual(
      expect.stringMatching(`^set-aside: all of its data is set aside: .*${detail}`),
    );
  });

  test.each([
    [
      "is cut off at 2 g",
      clipAt2G,
      /^clipped: accel-de is clipped: 1\d % of its samples stand at an end of -?2 g/,
    ],
    [
      "has 8 bits left",
      (counts: Int16Array) => {
        for (const index of counts.keys()) counts[index] = 512 + Math.round(counts[index]! / 256) * 256;
      },
      /^coarse: accel-de moves in steps of 0\.125 g \(256 counts\), and what alternates is 0\.15\d? g/,
    ],
    [
      "is nothing but the mains",
      hum(3_000),
      /^no-vibration: accel-de carries a hum of about (49|50) Hz and nothing else while the shaft turns/,
    ],
  ])("that %s is told so once, and not asked about its unit", async (_name, fill, text) => {
    const rig = await openSloppyRig("listens");
    rig.boot();
    rig.stream(60, { fill });
    expect(rig.said).toEqual([expect.stringMatching(text)]);
    expect(rig.logged).toHaveLength(1);
  });

  test("whose hum drowns a vibration is not: the vibration is still there", async () => {
    const rig = await openSloppyRig();
    const add = hum(20_000);
    rig.boot();
    rig.stream(40, {
      fill: (counts) => {
        const vibration = counts.slice();
        add(counts);
        for (const index of counts.keys()) counts[index]! += vibration[index]! >> 3;
      },
    });
    expect(rig.said).toEqual([]);
  });

  test("whose converter has 12 bits, aligned to the left, is not called coarse", async () => {
    const rig = await openSloppyRig();
    rig.boot();
    rig.stream(40, {
      fill: (counts) => {
        for (const index of counts.keys()) counts[index]! &= ~15;
      },
    });
    expect(rig.said).toEqual([]);
  });

  test("that gives a constant is not called clipped", async () => {
    const rig = await listen({ fill: (counts) => void counts.fill(0), shaftRpm: 1_797 });
    expect(rig.said).toEqual([
      expect.stringMatching(/^set-aside: .*identical samples in a row/),
      expect.stringMatching(/^no-vibration: accel-de is a constant 0 g while the shaft turns/),
    ]);
  });

  test("of which every second frame brings the samples before again is told so", async () => {
    let before = new Int16Array();
    let isSecond = false;
    const rig = await listen({
      fill: (counts) => {
        if (isSecond) counts.set(before);
        isSecond = !isSecond;
        before = counts.slice();
      },
    });
    expect(rig.said).toEqual([
      "samples-again: 50 % of the frames bring the samples of the frame before them again",
    ]);
  });

  test("that says nothing but a direct voltage is told so while the shaft turns, and not while it stands", async () => {
    const fill = (counts: Int16Array): void => {
      for (const index of counts.keys()) counts[index] = 2_000 + ((counts[index]! >> 3) & 1);
    };
    const rig = await openSloppyRig();
    rig.boot();
    rig.stream(40, { fill, shaftRpm: 0 });
    rig.stream(15);
    expect(rig.logged).toEqual([]);
    rig.stream(20, { fill });
    expect(rig.said).toEqual([
      expect.stringMatching(/^no-vibration: accel-de is a constant 0\.977 g while the shaft turns/),
    ]);
  });

  test("of the shaft speed that gives Hz is asked about its unit, and that of a machine at walking pace is not", async () => {
    const rig = await listen({ shaftRpm: 29.95 });
    expect(rig.said).toEqual([
      expect.stringMatching(/^speed: says 29.95 rpm, .*: is the speed in Hz \(29.95 Hz are 1,797 rpm\)\?$/),
    ]);
    rig.stream(120, { shaftRpm: 1_797 });
    expect(rig.said).toEqual([]);
    const fill = (counts: Int16Array): void => counts.set(counts.map((count) => count / 10));
    rig.stream(60, { shaftRpm: 30, fill });
    expect(rig.said).toEqual([]);
  });

  test("whose tachometer died is asked about it once its machine has run for ten minutes, of snapshots within two hours", async () => {
    const said = [
      "speed: says 0 rpm, at which its turbine stands by, and vibrates as one that runs, for ten minutes and more: is the shaft still heard?",
    ];
    const rig = await listen({ shaftRpm: 0 });
    rig.stream(480, { shaftRpm: 0 });
    expect(rig.logged).toEqual([]);
    rig.stream(180, { shaftRpm: 0 });
    expect(rig.said).toEqual(said);
    // What would be a speed of operation in Hz now and then is no unit.
    rig.stream(4, { shaftRpm: 20 });
    rig.stream(6, { shaftRpm: 0 });
    expect(rig.said).toEqual(said);
    rig.stream(60);
    expect(rig.said).toEqual([]);
    const snapshots = await openSloppyRig();
    snapshots.boot();
    const quiet = { type: "health", droppedSamples: 0, discardedBytes: 0, badFrames: 0 } as const;
    for (let each = 0; each < 12; each++) {
      snapshots.stream(3, { shaftRpm: 0 });
      for (let step = 0; step < 120; step++) {
        snapshots.wait(5);
        snapshots.send({ ...quiet, uptimeMs: (each * 120 + step) * 5_000 });
      }
    }
    expect(snapshots.said).toEqual(said);
  });

  test.for([
    ["a hum of the mains", hum(400)],
    [
      "steps of a coarse converter",
      (counts: Int16Array) => counts.set(counts.map((each) => 256 * (each & 1))),
    ],
    ["a pump, a minute of five", pump()],
  ] as const)("that says 0 rpm of a machine that stands is not asked, with %s", async ([, fill]) => {
    const rig = await listen({ shaftRpm: 0, fill }, 1_500);
    expect(rig.logged).toEqual([]);
  });

  test("under another name than the configuration's is named with both", async () => {
    const rig = await openSloppyRig();
    rig.boot({ channels: [{ name: "accel_de", unit: "g", sampleRateHz: 12_000, scale: 0.0005 }] });
    rig.stream(15);
    expect(rig.said).toEqual(["wrong-channel: announces accel_de; accel-de is expected"]);
    expect(rig.watch.diagnoses[0]?.cure).toMatch(/Name the channel accel-de/);
  });

  test("that reads NaN is told so", async () => {
    const rig = await openSloppyRig();
    rig.boot();
    for (let second = 0; second < 30; second++) {
      rig.wait(1);
      rig.send({ type: "reading", channel: 0, timestampUs: rig.clock.nowMs() * 1000, value: Number.NaN });
    }
    expect(rig.said).toEqual(["not-a-number: all of its readings are not a number (NaN)"]);
  });

  test("of a unit that the model does not take is told both units", async () => {
    const rig = await openSloppyRig();
    rig.boot({ channels: [{ name: "accel-de", unit: "mm/s", sampleRateHz: 12_000, scale: 0.5 }] });
    rig.stream(30);
    expect(rig.said).toEqual(["set-aside: all of its data is set aside: expected g, got mm/s"]);
  });
});

test.each([
  [2, "refused: protocol 2.0 is newer than 1.1, the only one spoken here", "update the gateway"],
  [0, "refused: protocol 0.0 is older than 1.1, the only one spoken here", "update the device's firmware"],
])("protocol %i.0 is refused, with what to update", async (protocolMajor, said, cure) => {
  const rig = await openSloppyRig();
  rig.boot({ protocolMajor, protocolMinor: 0 });
  rig.wait(3);
  expect(rig.said).toEqual([said]);
  expect(rig.watch.diagnoses[0]?.cure).toBe(cure);
  rig.connect(false);
  rig.wait(3);
  expect(rig.said).toEqual([said]);
});

test.each([
  [
    { deviceId: "mcu 1/a" },
    'refused: its hello breaks the protocol: Hello.device_id "mcu 1/a" is not an id',
    /^hold its hello against/,
  ],
  [
    { channels: [{ name: "accel-de", unit: "g", sampleRateHz: 12_000, scale: 0 }] },
    'refused: its hello breaks the protocol: channel "accel-de": scale is 0, not above 0',
    /^hold its hello against/,
  ],
  [
    { deviceId: "mcu-2" },
    'refused: mcu-2 is there: "mcu-1" is expected at mqtt:aurora/v1/device/gw-1/mcu-1/tx',
    /^check the wiring/,
  ],
  [
    { deviceId: "gw-1", channels: [] },
    "refused: what the gateway says comes back, and nothing else",
    /^look for transmit and receive that touch/,
  ],
])(
  "a hello with %o is refused with the reason, once, and what follows it is not called damage",
  async (changes, said, cure) => {
    const rig = await openSloppyRig();
    for (let hello = 0; hello < 5; hello++) {
      rig.boot(changes);
      rig.stream(12);
    }
    expect(rig.said).toEqual([said]);
    const [{ cure: told, sinceMs }] = rig.watch.diagnoses as [DeviceDiagnosis];
    expect(told).toMatch(cure);
    expect(rig.clock.nowMs() - sinceMs).toBeGreaterThan(50_000);
    expect(rig.logged).toHaveLength(1);
    rig.boot({
      deviceId: "mcu-1",
      channels: [{ name: "accel-de", unit: "g", sampleRateHz: 12_000, scale: 0.0005 }],
    });
    rig.stream(60);
    expect(rig.said).toEqual([]);
  },
);

test("nothing is held against a refused device but that it is refused", async () => {
  const rig = await openSloppyRig();
  // The same hello with each connection.
  for (let hello = 0; hello < 20; hello++) {
    rig.boot({ deviceId: "mcu-2", sessionId: 7 });
    rig.wait(3);
  }
  expect(rig.totals.duplicates).toBeGreaterThan(10);
  expect(rig.said).toEqual([expect.stringMatching(/^refused: /)]);
});

test.each([
  ["says hello every second second", 2],
  ["says hello when it is asked to", 6],
  ["hardly says anything", 9],
])("a device that %s and acknowledges no configuration is told so, once", async (_name, everySeconds) => {
  const rig = await openSloppyRig();
  rig.answer("nothing");
  rig.boot();
  for (let second = 0; second < 120; second += everySeconds) {
    rig.wait(everySeconds);
    rig.helloAgain();
    await setImmediate();
  }
  expect(rig.said).toEqual(["not-configured: says hello, and never acknowledges its configuration"]);
  const [{ sinceMs }] = rig.watch.diagnoses as [DeviceDiagnosis];
  expect(rig.clock.nowMs() - sinceMs).toBeGreaterThan(90_000);
  expect(rig.logged).toHaveLength(1);
  rig.answer("ack");
  rig.helloAgain();
  await setImmediate();
  rig.stream(60);
  expect(rig.said).toEqual([]);
});

test("a device that refuses its configuration is told so with its reason, and not that it sends no data", async () => {
  const rig = await openSloppyRig();
  rig.answer("nack");
  rig.boot();
  for (let second = 0; second < 90; second += 2) {
    rig.wait(2);
    rig.send({ type: "health", uptimeMs: second * 1000, droppedSamples: 0, discardedBytes: 0, badFrames: 0 });
  }
  expect(rig.said).toEqual(["not-configured: refuses its configuration: mode raw is not known"]);
  expect(rig.logged).toHaveLength(1);
});

test("a device that took its configuration once, and not again after a break, is told so", async () => {
  const rig = await listen({});
  rig.connect(false);
  rig.wait(5);
  rig.answer("nothing");
  rig.connect(true);
  for (let second = 0; second < 60; second += 6) {
    rig.helloAgain();
    await setImmediate();
    rig.wait(6);
  }
  expect(rig.said).toEqual([expect.stringMatching(/^not-configured: /)]);
});

test.each([
  ["goes on with its stream", (rig: SloppyRig) => rig.helloAgain()],
  ["begins anew without another session number", (rig: SloppyRig) => rig.boot({ sessionId: 7 })],
])("a device that says hello every second and %s is told so", async (_name, sayHello) => {
  const rig = await openSloppyRig();
  rig.boot({ sessionId: 7 });
  rig.stream(20);
  for (let second = 0; second < 25; second++) {
    rig.stream(1);
    sayHello(rig);
    // The gateway publishes its answers one after the other.
    await setImmediate();
  }
  expect(rig.said).toEqual([
    expect.stringMatching(/^hello-again: says hello \d+ times in half a minute, though it has/),
  ]);
});

test("a device that is in contact and sends nothing but signs of life is told so", async () => {
  const rig = await listen({}, 10);
  for (let second = 0; second < 60; second++) {
    rig.wait(1);
    rig.send({
      type: "health",
      uptimeMs: 10_000 + second * 1000,
      droppedSamples: 0,
      discardedBytes: 0,
      badFrames: 0,
    });
  }
  expect(rig.said).toEqual(["silent: is in contact, and sends no data"]);
});
