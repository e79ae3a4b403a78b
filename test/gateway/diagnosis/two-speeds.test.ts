import { expect, test } from "vitest";
import { findUnfit } from "../../../src/core/contract/device/device-diagnosis.ts";
import { openSloppyRig, type SloppyRig } from "../sloppy-rig.ts";

/** A device whose machine runs. */
async function listen(): Promise<SloppyRig> {
  const rig = await openSloppyRig();
  rig.boot();
  return rig;
}

const isUnfit = ({ watch: { diagnoses } }: SloppyRig): boolean =>
  findUnfit([{ device: "mcu-1", diagnoses }], "mcu-1") !== null;

test("a tachometer and SCADA that say two speeds are asked about once neither can be late, and the machine stands", async () => {
  const rig = await listen();
  rig.tell({ mappedSpeed: "", toldRpm: 1_600, scadaRpm: 1_600 });
  rig.stream(300);
  expect(rig.said).toEqual([]);
  rig.tell({ mappedSpeed: "", toldRpm: 15, scadaRpm: -15 });
  rig.stream(170);
  expect(rig.said).toEqual([]);
  rig.stream(20);
  expect(rig.said).toEqual([
    "speed: says 1500 rpm, and SCADA says 15 rpm of its turbine: which is right, or are they two shafts'?",
  ]);
  expect(isUnfit(rig)).toBe(false);
  rig.tell({ mappedSpeed: "", toldRpm: 1_500, scadaRpm: 1_500 });
  rig.stream(70);
  expect(rig.said).toEqual([]);
});

test("readings of a device and SCADA that say two speeds are asked about, though values come late now and then", async () => {
  const rig = await listen();
  const unsaid = { shaftRpm: Number.NaN };
  for (let minute = 0; minute < 4; minute++) {
    rig.tell({ mappedSpeed: "", toldRpm: 1_500, readingRpm: 1_500, scadaRpm: 16 });
    rig.stream(50, unsaid);
    rig.tell({ mappedSpeed: "", toldRpm: 1_500, readingRpm: 1_500 });
    rig.stream(10, unsaid);
  }
  expect(rig.said).toEqual([expect.stringMatching(/^speed: says 1500 rpm, and SCADA says 16 rpm/)]);
});

test("of a machine that stands by its own tachometer and runs by SCADA nothing is known, and the cure names no mapping that is there", async () => {
  const rig = await listen();
  rig.tell({ mappedSpeed: "", toldRpm: 1_500, scadaRpm: 1_500 });
  rig.stream(190, { shaftRpm: 0 });
  expect(rig.said).toEqual([
    "speed: says 0 rpm, and SCADA says 1500 rpm of its turbine: which is right, or are they two shafts'?",
  ]);
  expect(isUnfit(rig)).toBe(true);
  expect(rig.watch.diagnoses[0]?.cure).not.toMatch(/map the speed/);
  const late = await listen();
  late.tell({ mappedSpeed: "" });
  late.stream(700, { shaftRpm: 0 });
  expect(late.watch.diagnoses[0]?.cure).toMatch(
    /without one leave shaft_rpm out: the speed that is mapped from SCADA counts then\./,
  );
});

test("two speeds of standby, of a machine that starts and of values that wander are one", async () => {
  const rig = await listen();
  rig.tell({ mappedSpeed: "", scadaRpm: 40 });
  rig.stream(300, { shaftRpm: 2, fill: (counts) => void counts.fill(0) });
  expect(rig.said.filter((said) => said.startsWith("speed"))).toEqual([]);
  for (let rpm = 50; rpm < 1_500; rpm += 50) {
    rig.tell({ mappedSpeed: "", scadaRpm: rpm - 50 });
    rig.stream(5, { shaftRpm: rpm });
  }
  rig.tell({ mappedSpeed: "", scadaRpm: 1_600 });
  rig.stream(300);
  expect(rig.said).toEqual([]);
});

test.each([
  ["Hz", 25, 1_500],
  ["rad/s", 157, 1_500],
])("a speed in %s keeps its clear sentence beside SCADA's: %d and %d", async (unit, shaftRpm, scadaRpm) => {
  const rig = await listen();
  rig.tell({ mappedSpeed: "", toldRpm: 1_500, scadaRpm });
  rig.stream(190, { shaftRpm });
  expect(rig.said.at(-1)).toMatch(`SCADA says ${scadaRpm} rpm of its turbine: is the speed in ${unit} (`);
});
