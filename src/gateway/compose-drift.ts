/** Joins the light watch for drift to what a gateway is configured to watch and serves. Assesses nothing itself. */
import type { GatewayConfig } from "../core/contract/config/gateway-config.ts";
import type { PointId } from "../core/contract/stream.ts";
import type { Clock, Timers } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import { workInSpareTime } from "../core/platform/take-turns.ts";
import { digestSketching } from "../core/serving/digest-scoring.ts";
import type { LoadedBundle } from "../core/serving/loaded-bundle.ts";
import type { ScoredRow } from "../core/serving/scada/scada-turbine.ts";
import type { ServedModels } from "../core/serving/served-models.ts";
import type { GatewayRecord } from "./gateway-record.ts";
import { createDriftPost, type DriftPost } from "./points/drift-post.ts";
import type { DriftEventName } from "./points/drift-standing.ts";
import type { DriftWindow } from "./record/drift-reporter.ts";

/** What drift reports call the rows of a turbine's SCADA values. */
export const scadaComponent = "scada";

/** What a point came to, as opposed to what became of its days. */
const verdictEvents: readonly DriftEventName[] = ["drift.warning", "drift.drift", "drift.ended"];

interface DriftSurroundings {
  readonly config: GatewayConfig;
  readonly record: Pick<GatewayRecord, "state" | "telemetry" | "clockWatch">;
  readonly models: Pick<ServedModels, "names" | "current">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Creates the watch, fed by the reports that telemetry sends from now on. */
export function composeDrift(surroundings: DriftSurroundings): DriftPost {
  const { config, record, models, clock, logger } = surroundings;
  const { state, telemetry, clockWatch } = record;
  const { periodSeconds, falsePerPointDay, learnDays } = config.drift;
  const post = createDriftPost({
    rules: { periodMs: 1000 * periodSeconds, falsePerDay: falsePerPointDay, learnDays },
    points: listPoints(config),
    modelOf: (name) => {
      if (!models.names.includes(name)) return null;
      const bundle = models.current(name);
      const { ref, reference, manifest } = bundle;
      const isNormalBehaviour = manifest.task === "normal-behaviour";
      return { ref, reference, isNormalBehaviour, scoringDigest: digestSketching(bundle) };
    },
    epochOf: (point) => findEpoch(config, point),
    state,
    clock,
    isClockConfirmed: () => clockWatch.isConfirmed,
    logger,
    onEvent: ({ turbine, component }, name, detail) => {
      logger.info(name, { turbine, component, detail });
      // The collector comes to its own verdicts, with the whole fleet in view.
      if (!verdictEvents.includes(name)) telemetry.event(name, `${turbine}/${component}`, detail);
    },
    run: (work) => workInSpareTime(work, "the watch for drift failed", surroundings),
  });
  telemetry.onDriftReport((report) => post.take(report));
  return post;
}

/** A row of SCADA values as drift hears it; null: the turbine did not operate, or its values are stuck. */
export function describeDriftRow(
  { row, output, unexplained }: Pick<ScoredRow, "row" | "output" | "unexplained">,
  { manifest, reference }: Pick<LoadedBundle, "manifest" | "reference">,
): DriftWindow | null {
  if (unexplained === null) return null;
  const { toMs, features, values } = row;
  const power = manifest.normalBehaviour?.operation.powerCurve.powerChannel;
  const powerKw = values[manifest.channels.findIndex(({ name }) => name === power)] ?? Number.NaN;
  // References of before were fitted to what is expected, which follows the weather.
  const isOfResiduals = reference.features[0]?.role === "condition";
  return { toMs, features, scores: isOfResiduals ? unexplained : output.logits, powerKw };
}

function listPoints({ gateway: { site }, turbines }: GatewayConfig): readonly PointId[] {
  return turbines.flatMap(({ id, points, scadaBundle }) => [
    ...points.map(({ component }) => ({ site, turbine: id, component })),
    ...(scadaBundle === null ? [] : [{ site, turbine: id, component: scadaComponent }]),
  ]);
}

/** Repairs of the turbine for its SCADA values, else the point's own count of orders to learn anew. */
function findEpoch({ turbines }: GatewayConfig, { turbine, component }: PointId): number {
  const found = turbines.find(({ id }) => id === turbine);
  const point = found?.points.find((each) => each.component === component);
  return point?.baselineEpoch ?? found?.repairs.length ?? 0;
}
