import { expect, test } from "vitest";
import { noForeignLines } from "../../../src/core/explain/foreign-lines.ts";
import type { DueWindow } from "../../../src/core/serving/measuring-point.ts";
import type { WindowBundle } from "../../../src/core/serving/spec-cutter.ts";
import { createWindowRowsReader, createWindowRowsWriter } from "../../../src/gateway/points/window-rows.ts";

type Due = DueWindow<WindowBundle & { readonly number: number }>;

const points = ["WT1", "WT2"].map((turbine) => ({
  id: { site: "north", turbine, component: "gearbox" },
}));

function createDue(point: number, fromMs: number, more: Partial<Due["window"]>, powerKw?: number): Due {
  const { id } = points[point]!;
  const window = {
    point: id,
    id: `${id.turbine}/gearbox/${fromMs}`,
    fromMs,
    toMs: fromMs + 1043,
    shaftRpm: 1799.123456789,
    features: Float32Array.of(fromMs % 7, Number.MIN_VALUE, -3.25),
    foreignLines: noForeignLines,
    upperForeignLines: noForeignLines,
    lineOrders: Float32Array.of(3.5848, -7.25, Number.NaN),
    ...more,
    arrivedMonotonicMs: 12.0000001,
  };
  const bundle = { number: point + 4 } as Due["bundle"];
  const due = { window, bundle, operatingState: "partial-performance" } as const;
  return powerKw === undefined ? due : { ...due, powerKw };
}

test("windows are read as they were told, in their order, with what they have and have not", () => {
  const writer = createWindowRowsWriter();
  const levels = Float32Array.of(Number.NaN, -96.5);
  const upper = { upperFeatures: levels, upperLineOrders: Float32Array.of(5.4, Number.NaN) };
  const given = Array.from({ length: 100 }, (_, index) => {
    const more = index % 3 === 0 ? { isPooled: true } : { levels, ...(index % 3 === 1 ? upper : {}) };
    const power = index % 2 === 0 ? 2300.5 : undefined;
    return [index % 2, createDue(index % 2, 1_767_225_600_000 + index, more, power)] as const;
  });
  for (const [from, to] of [
    [0, 70],
    [70, 100],
  ] as const) {
    for (const [point, due] of given.slice(from, to)) writer.add(point, due);
    expect(writer.count).toBe(to - from);
    const next = createWindowRowsReader(structuredClone(writer.take()), points);
    expect(writer.count).toBe(0);
    for (const [point, { window, bundle, operatingState, powerKw = Number.NaN }] of given.slice(from, to))
      expect(next()).toStrictEqual({ point, bundle: bundle.number, window, operatingState, powerKw });
  }
});

test("a window's numbers stay what they are when the next batch is gathered", () => {
  const writer = createWindowRowsWriter();
  writer.add(0, createDue(0, 5, {}));
  const { window } = createWindowRowsReader(writer.take(), points)();
  writer.add(0, createDue(0, 6, {}));
  expect(window.features).toStrictEqual(Float32Array.of(5, Number.MIN_VALUE, -3.25));
});

test("which lines of either band are foreign comes with a window", () => {
  const writer = createWindowRowsWriter();
  const given = [
    {},
    { foreignLines: { hum: [0, 12], shaft: [] } },
    { upperForeignLines: { hum: [], shaft: [511] } },
    { foreignLines: { hum: [7], shaft: [3, 4] }, upperForeignLines: { hum: [1, 2], shaft: [8] } },
    {},
  ];
  for (const [index, more] of given.entries()) writer.add(0, createDue(0, index, more));
  const next = createWindowRowsReader(structuredClone(writer.take()), points);
  for (const [index, more] of given.entries()) {
    expect(next().window).toStrictEqual(createDue(0, index, more).window);
  }
});
