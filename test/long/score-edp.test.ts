/** Half a year of two real turbines; farms of a few days are in the quick suite. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listColumnNames } from "../../src/cli/score/tables/column-names.ts";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import type { AlertEvent } from "../../src/core/contract/alert.ts";
import type { Manifest } from "../../src/core/contract/bundle/manifest.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { createAlarmRegister } from "../../src/core/decision/alarms/alarm-register.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../src/core/serving/loaded-bundle.ts";
import type { ScoredRow } from "../../src/core/serving/scada/scada-turbine.ts";
import { createScadaWatch } from "../../src/gateway/points/scada-watch.ts";
import { createDataQuality } from "../../src/gateway/record/data-quality.ts";
import { scorePaths } from "../cli/score/tables/farm-files.ts";
import { createFakeState } from "../gateway/fakes.ts";
import { dataFolder as data } from "../support/data-folder.ts";
import { readEdpSeries } from "../support/edp.ts";

const root = join(import.meta.dirname, "..", "..");
const present = existsSync(join(data, "edp", "T01_test.parquet"));
const dir = join(root, "models", "turbine-scada", "1.0.0");
const turbines = ["T01", "T07"];
/** Until here the gateway is asked; T01's sensor fell on 12 August. */
const endMs = Date.UTC(2017, 7, 18);

test.skipIf(!present)(
  "EDP's half-year scored from its files is what a gateway says that gets the readings one by one (needs AURORA_DATA)",
  { timeout: 600_000 },
  async () => {
    const files = await readBundle(dir);
    const bundle = await serveBundle(
      dir,
      { ...files, manifest: hasten(files.manifest) },
      { engine: "auto", logger: silentLogger },
    );
    const aliases = listColumnNames(files);
    const paths = turbines.map((turbine) => join(data, "edp", `${turbine}_test.parquet`));
    const scored = await scorePaths(
      bundle,
      paths,
      { turbines: turbines.map((id) => ({ id, patterns: [`${id}_*`] })) },
      aliases,
    );
    const gateway = await watchSignals(bundle);
    await bundle.retire();

    const { residuals: places } = bundle.manifest.normalBehaviour!;
    const ours = scored.rows
      .filter(({ from_ms }) => Number(from_ms) < endMs)
      .map((row) =>
        [
          row.turbine,
          row.from_ms,
          row.state,
          ...places.flatMap(({ channel }) => [row[`quantised_${channel}`], row[`residual_${channel}`]]),
        ].join(),
      );
    const theirs = gateway.rows.map(({ turbine, judged: { row, state, output, residuals } }) =>
      [
        turbine,
        row.fromMs,
        state,
        ...places.flatMap((_, at) => [output.quantised[at], residuals?.[at] ?? ""]),
      ].join(),
    );
    // The gateway's last rows wait for those after them.
    expect(theirs.length).toBeGreaterThan(22_000);
    expect(ours.slice(0, theirs.length)).toEqual(theirs);
    expect(theirs.filter((row) => row.includes(",scored,")).length).toBeGreaterThan(5000);

    const asked = scored.inspections.filter(({ atMs }) => atMs < endMs);
    expect(asked.length).toBeGreaterThanOrEqual(4);
    const raised = gateway.alerts.flatMap(
      ({ type, data: { turbine, component, failureMode, since, probability } }) =>
        type.includes("raised") && failureMode === "failure-ahead"
          ? [`${turbine} ${component} ${Date.parse(since)} ${probability}`]
          : [],
    );
    expect(
      asked
        .map(({ turbine, component, atMs, probability }) => `${turbine} ${component} ${atMs} ${probability}`)
        .toSorted(),
    ).toEqual(raised.toSorted());
    expect(gateway.alerts.some(({ data }) => data.failureMode === "sensor-fault")).toBe(true);
    expect(scored.files[0]!.sensorFaults[0]).toMatchObject({ channel: "transformer-phase-3-temperature" });
  },
);

/** Learns in a month instead of a quarter, so that some weeks show everything. */
function hasten(manifest: Manifest): Manifest {
  const { siteCorrection, statistics, policy, ...rest } = manifest.normalBehaviour!;
  return {
    ...manifest,
    normalBehaviour: {
      ...rest,
      siteCorrection: { ...siteCorrection!, minRows: 2000 },
      statistics: { ...statistics, minHistoryDays: 10, gapDays: 2 },
      policy: { ...policy, roundDays: 10 },
    },
  };
}

async function watchSignals(bundle: LoadedBundle): Promise<{
  readonly rows: { readonly turbine: string; readonly judged: ScoredRow }[];
  readonly alerts: AlertEvent[];
}> {
  const { channels } = bundle.manifest;
  const signals = await readEdpSeries("test", turbines);
  const rows: { turbine: string; judged: ScoredRow }[] = [];
  const alerts: AlertEvent[] = [];
  const watch = createScadaWatch({
    config: gatewayConfigSchema().parse({
      gateway: { id: "gw", site: "edp" },
      turbines: turbines.map((id) => ({ id, scadaBundle: bundle.ref.name })),
    }),
    bundleOf: () => bundle,
    register: createAlarmRegister(),
    quality: createDataQuality(),
    state: createFakeState(),
    logger: silentLogger,
    sink: {
      onDecision: () => {},
      onQuarantine: () => {},
      onSchemaDrift: () => {},
      onEvent: () => {},
      onAlert: (event) => alerts.push(event),
      onRow: (turbine, judged) => rows.push({ turbine, judged }),
    },
  });
  const [{ timestampMs: times }] = signals as [(typeof signals)[0]];
  for (let row = 0; times[row]! < endMs; row++) {
    for (const { turbine, columns: values } of signals) {
      for (const [index, { name, unit }] of channels.entries()) {
        const timestampMs = times[row]!;
        const reading = { deviceId: turbine, channel: name, unit, timestampMs };
        const arrival = { arrivedMs: timestampMs, arrivedMonotonicMs: 0 };
        watch.accept({ ...reading, value: values[index]![row]!, ...arrival });
      }
    }
    watch.tick(times[row]!);
    await watch.idle();
  }
  return { rows, alerts };
}
