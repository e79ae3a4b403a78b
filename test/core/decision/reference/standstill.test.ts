/** Windows that were heard while the machine stood, at a speed that is stated all the same. */
import { expect, test } from "vitest";
import type {
  BaselineSubject,
  HealthyWindow,
} from "../../../../src/core/decision/reference/fit-site-baseline.ts";
import { findStandstill, isStandstill } from "../../../../src/core/decision/reference/standstill.ts";
import { bearingLevelSpec } from "../../../../src/core/features/bearing-level-spec.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";

/** As the shipped bundle has them, rounded. */
const training = [-30.5, -26, -19.7, -18.9, -4.1];
const subject: BaselineSubject = {
  spec: {
    levels: bearingLevelSpec,
    reference: training.map((locationDb) => ({ locationDb, scaleDb: 3 })),
    minWindows: 64,
  },
  outputs: [],
  model: null,
};
/** White noise in the five bands, of -100 dB a hertz: ten times the logarithm of each one's width; its peak lies 12 dB above. */
const noise = [-74, -70, -65.2, -62.6, -52];

function windowsOf(
  windows: number,
  sceneOf: (index: number) => { readonly levels: readonly number[]; readonly rpm?: number },
): HealthyWindow[] {
  const random = createRandom(5);
  return Array.from({ length: windows }, (_, index) => {
    const { levels, rpm = 1500 } = sceneOf(index);
    const load = 0.5 * random.normal();
    return {
      fromMs: index,
      toMs: index + 1,
      shaftRpm: rpm,
      levels: levels.map((level) => level + load + 0.2 * random.normal()),
      logits: [],
    };
  });
}

const running = training.map((level, at) => level - 3 + 2 * (at % 3));
const fainter = (db: number): number[] => running.map((level) => level - db);

test.each([0.2, 0.5, 0.8, 0.85])(
  "of a machine that stands %d of the time the fainter windows are found",
  (share) => {
    const random = createRandom(9);
    const stands = Array.from({ length: 96 }, () => random.uniform() < share);
    const windows = windowsOf(96, (index) => ({ levels: fainter(stands[index] === true ? 14 : 0) }));
    const stood = findStandstill(windows, subject);
    expect([...stood!.places]).toEqual(stands.flatMap((stood, index) => (stood ? [index] : [])));
    expect(stood!.detail).toMatch(
      /^its speed is stated as 1500 rpm while it is 1[1-4] dB fainter than when it runs, in /,
    );
    expect(isStandstill({ levels: fainter(14), shaftRpm: 1500 }, subject.spec, stood!.upToDb)).toBe(true);
    expect(isStandstill({ levels: fainter(9), shaftRpm: 1500 }, subject.spec, stood!.upToDb)).toBe(false);
  },
);

test("knocks, a loose contact, loads that are near each other or pass into each other, and speeds that are stated are no standstill", () => {
  const knocks = windowsOf(96, (index) => ({ levels: fainter(index % 12 === 0 ? -20 : 0) }));
  const near = windowsOf(96, (index) => ({ levels: fainter(index % 2 === 0 ? 8 : 0) }));
  const passing = windowsOf(96, (index) => ({ levels: fainter(index / 4) }));
  const speeds = windowsOf(96, (index) =>
    index % 2 === 0 ? { levels: fainter(14), rpm: 900 } : { levels: running },
  );
  const loose = windowsOf(96, (index) => ({ levels: fainter(index % 40 === 9 ? 30 : 0) }));
  for (const windows of [knocks, near, passing, speeds, loose])
    expect(findStandstill(windows, subject)).toBeNull();
});

test("what is as faint and white as the noise of a sensor is a standstill, also where nothing else was heard", () => {
  const standing = windowsOf(96, () => ({ levels: noise }));
  expect(findStandstill(standing, subject)).toMatchObject({
    places: { size: 96 },
    detail: expect.stringContaining("as faint as a sensor's own noise, in 96 of 96 windows: does it stand?"),
  });
  expect(isStandstill(standing[0]!, subject.spec, null)).toBe(true);
  // It has begun to run: as few windows would be knocks of a machine that is heard.
  const begun = windowsOf(96, (index) => ({ levels: index < 90 ? noise : running }));
  expect(findStandstill(begun, subject)?.places.size).toBe(90);
});

test("a machine as faint and white as noise turns where a slow speed was measured, and not where one is stated, held, fast or made of mains", () => {
  const random = createRandom(3);
  const wind = Array.from({ length: 96 }, () => 13 * 2 ** (0.1 * random.normal()));
  const listen = (rpmOf: (index: number) => number) =>
    findStandstill(
      windowsOf(96, (index) => ({ levels: noise, rpm: rpmOf(index) })),
      subject,
    );
  expect(listen((index) => wind[index]!)).toBeNull();
  expect(listen((index) => 13 + 0.05 * Math.sin(index))?.places.size).toBe(96);
  expect(listen((index) => wind[index - (index % 12)]!)?.detail).toMatch(
    /send its speed or its state; if it turns, .* aurora baseline renew … --found-healthy/,
  );
  // A cable that is off beside a fast shaft, and a tachometer that picks something up while it stands.
  expect(listen(() => 1200 + 600 * random.uniform())?.places.size).toBe(96);
  expect(listen(() => 300 + 600 * random.uniform())?.places.size).toBe(96);
  // One that stands between two spells, of which a speed is stated, is told by its level.
  const stands = windowsOf(96, (index) => ({
    levels: fainter(index % 8 < 4 ? 14 : 0),
    rpm: 1500 + 20 * random.normal(),
  }));
  expect(findStandstill(stands, subject)?.detail).toMatch(/send its speed or its state$/);
});

test("a machine that is faint, or as white as noise, is learnt from; so is one that somebody has found healthy", () => {
  const faint = windowsOf(96, () => ({ levels: fainter(40) }));
  const white = windowsOf(96, () => ({ levels: noise.map((level) => level + 40) }));
  const deaf = windowsOf(96, () => ({ levels: running.map(() => Number.NaN) }));
  for (const windows of [faint, white, deaf]) expect(findStandstill(windows, subject)).toBeNull();
  const standing = windowsOf(96, () => ({ levels: noise }));
  expect(findStandstill(standing, { ...subject, isVouched: true })).toBeNull();
  expect(isStandstill(faint[0]!, subject.spec, null)).toBe(false);
});
