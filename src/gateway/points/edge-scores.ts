/**
 * Scores that devices computed themselves. Each is computed again from the inputs that came with it: a score of an
 * unknown model (by version, and by its image where the device says which), without inputs, of another shape or with other
 * integers is set aside and never decided upon. What is good is decided upon like a window of the gateway's own (mode `edge`), or only counted as agreement (mode `both`).
 */
import type { DeviceScore } from "../../../firmware-bridge/messages/device-data.ts";
import { mcuModelFileName, type Scaler } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import {
  composeWindowId,
  type FeatureWindow,
  type Quarantine,
  type QuarantineReason,
} from "../../core/contract/stream.ts";
import { dequantise } from "../../core/inference/student-engine.ts";
import { createWorkQueue } from "../../core/platform/work-queue.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import type { MeasuringPoint } from "../../core/serving/measuring-point.ts";
import { findScoreFault } from "./find-score-fault.ts";
import type { WorkGauge } from "./work-gauge.ts";

/** Counts since the start. */
export interface EdgeScoreCounts {
  readonly received: number;
  /** Scores whose integers the gateway computed too, the same ones. */
  readonly agreed: number;
  /** Scores with other integers than the gateway's. */
  readonly mismatched: number;
  /** Scores of a model that this gateway does not know. */
  readonly unknownModel: number;
}

type ScoredPoint = Pick<MeasuringPoint, "id" | "config" | "acceptScore">;

interface EdgeScoresOptions {
  pointsOf(deviceId: string, channel: string): readonly ScoredPoint[];
  setAside(quarantine: Quarantine, turbine: string): void;
  /** Counts the scores that wait. */
  readonly load?: Pick<WorkGauge, "begin" | "end">;
  /** A device computed other integers than the gateway. */
  onMismatch(score: DeviceScore, detail: string): void;
}

interface EdgeScores {
  /**
   * A bundle serves. The one before it of the same name stays known, and keeps its engine: a device goes on with the old
   * model until it has the new one.
   */
  know(bundle: LoadedBundle): void;
  /** `mode` edge: the score is decided upon; both: only compared. */
  accept(score: DeviceScore, mode: "edge" | "both"): void;
  readonly counts: EdgeScoreCounts;
  /** Resolves when every score that came has been compared. */
  idle(): Promise<void>;
  /** Lets go of all bundles. */
  close(): void;
}

/** Versions of a bundle that are known. */
const knownVersions = 2;

/** Scores that may wait to be compared: a device makes one a second, so only a flood gets there. */
const maxWaiting = 1024;

/** Creates empty counts; no bundle is known. */
export function createEdgeScores(options: EdgeScoresOptions): EdgeScores {
  const counts = { received: 0, agreed: 0, mismatched: 0, unknownModel: 0 };
  /** Scores are taken in the order in which they came. */
  const queue = createWorkQueue();
  let waiting = 0;
  const bundles = createKnownBundles();

  function refuse(
    score: DeviceScore,
    turbine: string,
    { reason, detail }: { readonly reason: QuarantineReason; readonly detail: string },
  ): void {
    const { deviceId, channel, fromMs, sampleCount } = score;
    options.setAside(
      {
        reason,
        deviceId,
        channel,
        detail,
        samples: sampleCount,
        timestampMs: Number.isFinite(fromMs) ? Math.round(fromMs) : 0,
      },
      turbine,
    );
  }

  async function take(point: ScoredPoint, score: DeviceScore, mode: "edge" | "both"): Promise<void> {
    const { turbine, component } = point.id;
    const bundle = bundles.find(point.config.bundle, score.modelVersion);
    if (bundle === undefined) {
      counts.unknownModel++;
      const wanted = `${point.config.bundle} ${JSON.stringify(score.modelVersion.slice(0, 64))}`;
      refuse(score, turbine, {
        reason: "unknown-model",
        detail: `a score of ${wanted}, which this gateway does not know`,
      });
      return;
    }
    const { manifest, engine } = bundle;
    const image = manifest.files.find(({ path }) => path === mcuModelFileName)?.sha256;
    const { modelSha256 } = score;
    if (image !== undefined && modelSha256 !== undefined && modelSha256 !== image) {
      counts.unknownModel++;
      const { name, version } = bundle.ref;
      refuse(score, turbine, {
        reason: "unknown-model",
        detail: `a score of another model that is ${name} ${version} too: image ${modelSha256.slice(0, 12)}…, not ${image.slice(0, 12)}…`,
      });
      return;
    }
    const { quantised, inputs } = score;
    if (quantised.length !== engine.outputs || inputs.length !== engine.inputs) {
      const shape = `${inputs.length} → ${quantised.length}`;
      refuse(score, turbine, {
        reason: "malformed",
        detail: `a score of ${shape}, not ${engine.inputs} → ${engine.outputs}`,
      });
      return;
    }
    const fault = findScoreFault(score, manifest, point.config.bearing);
    if (fault !== null) {
      refuse(score, turbine, fault);
      return;
    }
    const standardised = dequantiseInput(bundle.student, inputs);
    const expected = await engine.run(standardised, 1);
    if (expected.some((value, index) => value !== quantised[index])) {
      counts.mismatched++;
      const detail = `${turbine}/${component}: device ${[...quantised].join(" ")}, gateway ${[...expected].join(" ")}`;
      options.onMismatch(score, detail);
      refuse(score, turbine, { reason: "score-mismatch", detail });
      return;
    }
    counts.agreed++;
    if (mode === "both") return;
    const fromMs = Math.round(score.fromMs);
    const window: FeatureWindow = {
      point: point.id,
      id: composeWindowId(point.id, fromMs),
      fromMs,
      toMs: Math.round(score.toMs),
      shaftRpm: score.shaftRpm,
      features: unstandardise(manifest.scaler, standardised),
      arrivedMonotonicMs: score.arrivedMonotonicMs,
      inferredOn: "device",
    };
    const logits = dequantise(quantised, engine.outputScale, engine.outputZeroPoint);
    point.acceptScore({ window, bundle, output: { quantised, logits } });
  }

  return {
    know: bundles.add,
    accept: (score, mode) => {
      counts.received++;
      for (const point of options.pointsOf(score.deviceId, score.channel)) {
        if (waiting >= maxWaiting) {
          refuse(score, point.id.turbine, {
            reason: "overload",
            detail: `${maxWaiting} scores wait already`,
          });
          continue;
        }
        waiting++;
        options.load?.begin();
        void queue.run(async () => {
          try {
            await take(point, score, mode);
          } catch (error) {
            // A failing engine costs this score, not those to come.
            refuse(score, point.id.turbine, { reason: "malformed", detail: String(error) });
          } finally {
            waiting--;
            options.load?.end();
          }
        });
      }
    },
    counts,
    idle: queue.idle,
    close: bundles.close,
  };
}

/** Holds the newest {@link knownVersions} bundles of each name, and retains them. */
interface KnownBundles {
  /** Another bundle of the same name and version takes the older one's place. */
  add(bundle: LoadedBundle): void;
  find(name: string, version: string): LoadedBundle | undefined;
  /** Lets go of all. */
  close(): void;
}

function createKnownBundles(): KnownBundles {
  const bundles = new Map<string, LoadedBundle[]>();
  return {
    add: (bundle) => {
      const { name, version } = bundle.ref;
      const before = bundles.get(name) ?? [];
      const all = [bundle, ...before.filter(({ ref }) => ref.version !== version)];
      bundle.retain();
      bundles.set(name, all.slice(0, knownVersions));
      for (const old of [...before.filter(({ ref }) => ref.version === version), ...all.slice(knownVersions)])
        old.release();
    },
    find: (name, version) => bundles.get(name)?.find(({ ref }) => ref.version === version),
    close: () => {
      for (const bundle of [...bundles.values()].flat()) bundle.release();
      bundles.clear();
    },
  };
}

/** Standardised features; quantising them again gives the same integers. */
function dequantiseInput(
  { inputScale, inputZeroPoint }: Pick<QuantisedMlp, "inputScale" | "inputZeroPoint">,
  inputs: Uint8Array,
): Float32Array {
  return Float32Array.from(inputs, (value) => (value - inputZeroPoint) * inputScale);
}

/** Features in their own units, from standardised ones: as exact as eight bits are. */
function unstandardise({ mean, inverseStd }: Scaler, standardised: Float32Array): Float32Array {
  return standardised.map((value, index) => value / inverseStd[index]! + mean[index]!);
}
