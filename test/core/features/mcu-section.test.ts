import { expect, test } from "vitest";
import { bearingFeatureSpec, bearingWindow } from "../../../scripts/bearing-feature-spec.ts";
import { encodeMcuSection, readMcuSection } from "../../../src/core/features/mcu-section.ts";

const count = bearingFeatureSpec.list.length;
const features = {
  spec: bearingFeatureSpec,
  scaler: { mean: new Array(count).fill(0), inverseStd: new Array(count).fill(1), clamp: 8 },
  maxRateHz: 51_200,
} as const;

test("windows that overlap or leave gaps are not for microcontrollers, and a section that says so is none", () => {
  const whole = encodeMcuSection({ ...features, window: bearingWindow });
  if (!whole.ok) expect.fail(whole.reason);
  expect(readMcuSection(whole.bytes)?.window).toEqual(bearingWindow);
  for (const hop of [15, 60]) {
    const refused = encodeMcuSection({ ...features, window: { ...bearingWindow, hop } });
    expect(refused).toMatchObject({ ok: false, reason: expect.stringContaining(`every ${hop} revolutions`) });
    const bytes = whole.bytes.slice();
    new DataView(bytes.buffer).setFloat32(32, hop, true);
    expect(readMcuSection(bytes)).toBeUndefined();
  }
});

test("a section gives back every operator with its parameters", () => {
  const section = encodeMcuSection({ ...features, window: bearingWindow });
  if (!section.ok) expect.fail(section.reason);
  const { list } = bearingFeatureSpec;
  expect(readMcuSection(section.bytes)?.spec.list.map(({ operator, params }) => [operator, params])).toEqual(
    list.map(({ operator, params }) => [
      operator,
      { ...params, tolerance: Math.fround(Number(params.tolerance)) },
    ]),
  );
});

test("a section of energies gives back that it is one", () => {
  const [chain] = bearingFeatureSpec.chains;
  const params = { ...chain!.params, envelope: "energy" };
  const spec = { ...bearingFeatureSpec, chains: [{ ...chain!, params }] };
  const section = encodeMcuSection({ ...features, spec, window: bearingWindow });
  if (!section.ok) expect.fail(section.reason);
  expect(section.bytes[2]).toBe(2);
  expect(readMcuSection(section.bytes)?.spec.chains[0]?.params.envelope).toBe("energy");
  section.bytes[2] = 5;
  expect(readMcuSection(section.bytes)).toBeUndefined();
});

test("a section that holds its envelope to a limit gives it back, and is nothing without one", () => {
  const [chain] = bearingFeatureSpec.chains;
  const params = { ...chain!.params, envelope: "energy", envelopeLimit: 4 };
  const spec = { ...bearingFeatureSpec, chains: [{ ...chain!, params }] };
  const section = encodeMcuSection({ ...features, spec, window: bearingWindow });
  if (!section.ok) expect.fail(section.reason);
  const { bytes } = section;
  expect([bytes[2], bytes[25]]).toEqual([4, 4]);
  expect(readMcuSection(bytes)?.spec.chains[0]?.params).toMatchObject({
    envelope: "energy",
    envelopeLimit: 4,
  });
  for (const [kind, limit] of [
    [4, 0],
    [4, 1],
    [2, 4],
  ] as const) {
    bytes[2] = kind;
    bytes[25] = limit;
    expect(readMcuSection(bytes), `kind ${kind}, limit ${limit}`).toBeUndefined();
  }
});

test("combs keep their numbers and their parameters, and have 1 to 4 harmonics of a bearing's order", () => {
  const comb = { order: "bpfo", harmonics: 3, tolerance: 0.02 };
  const list = [
    { operator: "comb-log-snr", params: comb },
    { operator: "comb-line-log-snr", params: { ...comb, spacing: "shaft" } },
    { operator: "comb-side-log-snr", params: { ...comb, harmonics: 4, spacing: "ftf" } },
  ].map((one) => ({ ...bearingFeatureSpec.list[0]!, ...one }));
  const spec = { ...bearingFeatureSpec, list };
  const section = encodeMcuSection({ ...features, spec, window: bearingWindow });
  if (!section.ok) expect.fail(section.reason);
  const { bytes } = section;
  const first = bytes.length - 16 * list.length;
  expect([0, 1, 2].map((index) => bytes[first + 16 * index])).toEqual([5, 6, 7]);
  expect(readMcuSection(bytes)!.spec.list.map(({ operator, params }) => ({ operator, params }))).toEqual(
    list.map(({ operator, params }) => ({ operator, params: { ...params, tolerance: Math.fround(0.02) } })),
  );
  for (const [at, value] of [
    [first + 3, 0],
    [first + 3, 5],
    [first + 1, 4],
    [first + 16 + 2, 5],
  ] as const) {
    const changed = bytes.slice();
    changed[at] = value;
    expect(readMcuSection(changed)).toBeUndefined();
  }
});

test.each([
  ["operator", { operator: "no-such-operator" }],
  ["order", { params: { order: "gear-mesh", harmonic: 1, tolerance: 0.02 } }],
])("an %s that the firmware does not know is refused by name", (_, change) => {
  const [first, ...rest] = bearingFeatureSpec.list;
  const spec = { ...bearingFeatureSpec, list: [{ ...first!, ...change }, ...rest] };
  expect(encodeMcuSection({ ...features, spec, window: bearingWindow })).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/no-such-operator|gear-mesh/),
  });
});
