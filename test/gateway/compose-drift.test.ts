import { expect, test } from "vitest";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import type { DriftReport } from "../../src/core/contract/uplink-record.ts";
import { systemTimers } from "../../src/core/platform/clock.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { composeDrift } from "../../src/gateway/compose-drift.ts";
import { createClockWatch } from "../../src/gateway/record/clock-watch.ts";
import type { createTelemetry } from "../../src/gateway/record/telemetry.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createFakeBundle, createFakeState } from "./fakes.ts";

const hourMs = 3_600_000;

test("a bundle with the same student goes on with a point's days under its name, and one with other bins learns them anew", () => {
  const bundles = ["1.0.0", "1.1.0", "1.2.0"].map((version) => createFakeBundle(version));
  let serving = bundles[0]!;
  const clock = createManualClock();
  const state = createFakeState();
  const logged: string[] = [];
  let tell: (report: DriftReport) => void = () => {};
  const onDriftReport = (callback: typeof tell): void => {
    tell = callback;
  };
  const telemetry = { onDriftReport, event: () => {} } as unknown as ReturnType<typeof createTelemetry>;
  const drift = composeDrift({
    config: gatewayConfigSchema().parse({ gateway: { id: "gw", site: "north" }, turbines: [{ id: "WT01" }] }),
    record: { state, telemetry, clockWatch: createClockWatch({ clock, onChange: () => {} }) },
    models: { names: [serving.ref.name], current: () => serving },
    clock,
    timers: systemTimers,
    logger: { ...silentLogger, info: (name) => logged.push(name) },
  });
  const report = (): void => {
    const { name, version, digest } = serving.ref;
    clock.advance(hourMs);
    tell({
      kind: "drift-report",
      site: "north",
      turbine: "WT01",
      component: "gearbox",
      modelName: name,
      modelVersion: version,
      modelDigest: digest,
      fromMs: clock.nowMs() - hourMs,
      toMs: clock.nowMs() - 1,
      sketches: [{ feature: 0, counts: [1, 2, 0, 0], invalid: 0, mean: 0, sumSquares: 0, min: -1, max: 1 }],
    });
  };
  const keptRows = (): number => {
    drift.close(() => {});
    const { day } = JSON.parse(state.get("drift-day/WT01/gearbox")!);
    return day.features[0].sketch.counts.reduce((sum: number, count: number) => sum + count);
  };
  report();
  serving = bundles[1]!;
  report();
  expect(logged).toEqual([]);
  expect(keptRows()).toBe(6);
  const { features } = bundles[2]!.reference;
  const others = features.map((column) => ({ ...column, edges: column.edges.map((edge) => edge + 1) }));
  serving = { ...bundles[2]!, reference: { ...bundles[2]!.reference, features: others } };
  report();
  expect(logged).toEqual(["drift.relearning"]);
  expect(keptRows()).toBe(3);
});
