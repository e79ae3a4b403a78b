/**
 * `manifest.json` of a bundle: everything that a model needs to run, and what it is. The runtime is generic:
 * a new use case is a new bundle, not new code.
 */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { type BaselineSpec, baselineSpecSchema } from "./baseline-spec.ts";
import { type FeatureSpec, featureSpecSchema } from "./feature-spec.ts";
import { type Lineage, lineageSchema } from "./lineage.ts";
import { type NormalBehaviourSpec, normalBehaviourSchema } from "./normal-behaviour.ts";
import { hexDigest, plainName } from "./plain-name.ts";

/** How a missing value of a channel is treated. `quarantine`: the window that needs it is not scored. */
type MissingValueRule = "quarantine";

/** One input channel: the data contract that every reading is held against. */
export interface ChannelContract {
  readonly name: string;
  /** Unit symbol, for example `g`, `rpm`, `degC`. */
  readonly unit: string;
  /** Physical range in `unit`; a value outside breaks the contract. */
  readonly min: number;
  readonly max: number;
  /** Accepted sampling rates in Hz (waveform), or readings per second (scalar). */
  readonly minRateHz: number;
  readonly maxRateHz: number;
  readonly kind: "waveform" | "scalar";
  readonly missing: MissingValueRule;
  /** Identical consecutive values that mean a stuck sensor; at least 2. */
  readonly stuckAfter: number;
}

/** How the stream is cut: in shaft revolutions (bearing bundles) or in seconds (SCADA bundles). */
export interface WindowSpec {
  readonly unit: "revolutions" | "seconds";
  /** Length of a window in `unit`. */
  readonly length: number;
  /** Distance between the starts of two windows in `unit`; 0 < hop ≤ length. */
  readonly hop: number;
}

/** Standardisation before the student: `(x − mean) · inverseStd`, each step rounded to float32. */
export interface Scaler {
  readonly mean: readonly number[];
  readonly inverseStd: readonly number[];
  /** Standardised values are clamped to ± this; 0 < clamp. */
  readonly clamp: number;
}

/** What an output of the student means. */
export interface OutputClass {
  /** Failure mode, for example `inner-race`. */
  readonly failureMode: string;
  /** Words for people, for example `inner race fault`. */
  readonly title: string;
}

/** Calibration of one output: probability = sigmoid(slope · logit + intercept) (Platt scaling). */
export interface Calibration {
  readonly slope: number;
  readonly intercept: number;
}

/** From when on a window looks faulty. What else it holds raised and cleared alarms once, and is no longer read. */
export interface Threshold {
  /** A window looks faulty when the calibrated probability is at or above this. */
  readonly raise: number;
  readonly onCount: number;
  readonly onWindows: number;
  /** ≤ raise. */
  readonly clear: number;
  readonly offWindows: number;
}

/** A file of the bundle other than the manifest and its signature. */
interface BundleFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-256, lower-case hex. */
  readonly sha256: string;
}

/** Size and latency that the bundle promises on a class of device. */
export interface DeviceBudget {
  readonly device: string;
  readonly maxModelBytes: number;
  readonly maxInferenceMicroseconds: number;
}

/** `manifest.json`. */
export interface Manifest {
  readonly formatVersion: 1;
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly changelog: string;
  /** Semver range of the runtime that can run it. */
  readonly runtime: string;
  /** `normal-behaviour`: the outputs are expected values of channels; see {@link Manifest.normalBehaviour}. */
  readonly task: "diagnosis" | "prognosis" | "normal-behaviour";
  /** Hours ahead that an alert speaks of; null for a diagnosis. */
  readonly horizonHours: number | null;
  readonly channels: readonly ChannelContract[];
  readonly window: WindowSpec;
  readonly features: FeatureSpec;
  readonly scaler: Scaler;
  readonly outputs: readonly OutputClass[];
  /** One a output; none for the task `normal-behaviour`. */
  readonly calibration: readonly Calibration[];
  /** One a output; none for the task `normal-behaviour`. */
  readonly thresholds: readonly Threshold[];
  /** Explanation groups in order; every feature's group is one of them; 1 to 12. */
  readonly groups: readonly string[];
  readonly budgets: readonly DeviceBudget[];
  /** Healthy baselines and severity; absent: the bundle gives no severity. */
  readonly baseline?: BaselineSpec | undefined;
  /** There for the task `normal-behaviour` and for no other. */
  readonly normalBehaviour?: NormalBehaviourSpec | undefined;
  readonly files: readonly BundleFile[];
  readonly lineage: Lineage;
}

/** The channel of samples; undefined: there is none. */
export function findWaveform({ channels }: Pick<Manifest, "channels">): ChannelContract | undefined {
  return channels.find(({ kind }) => kind === "waveform");
}

const text = z.string().max(4096);
const finite = z.number();
const probability = z.number().min(0).max(1);
const count = z.int().min(1).max(10_000);
/** A semantic version as in semver.org, without build metadata. */
export const semverPattern: RegExp = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/;

/** Validator of a manifest's data contract. */
export const channelsSchema: () => z.ZodType<readonly ChannelContract[]> = onDemand(() =>
  z
    .array(
      z.strictObject({
        name: plainName,
        unit: z.string().min(1).max(32),
        min: finite,
        max: finite,
        minRateHz: z.number().positive(),
        maxRateHz: z.number().positive(),
        kind: z.enum(["waveform", "scalar"]),
        missing: z.enum(["quarantine"]),
        stuckAfter: z.int().min(2).max(1_000_000),
      }),
    )
    .min(1)
    .max(128),
);

/** Validator of {@link WindowSpec}, but for hop ≤ length. */
export const windowSchema: () => z.ZodType<WindowSpec> = onDemand(() =>
  z.strictObject({
    unit: z.enum(["revolutions", "seconds"]),
    length: z.number().min(1e-3).max(1e6),
    hop: z.number().min(1e-3).max(1e6),
  }),
);

export const budgetsSchema: () => z.ZodType<readonly DeviceBudget[]> = onDemand(() =>
  z.array(
    z.strictObject({
      device: plainName,
      maxModelBytes: z.int().positive(),
      maxInferenceMicroseconds: z.number().positive(),
    }),
  ),
);

export const manifestSchema: () => z.ZodType<Manifest> = onDemand(() =>
  z
    .strictObject({
      formatVersion: z.literal(1),
      name: plainName,
      version: z.string().regex(semverPattern, "a semantic version"),
      title: text,
      changelog: text,
      runtime: z.string().min(1).max(128),
      task: z.enum(["diagnosis", "prognosis", "normal-behaviour"]),
      horizonHours: z.number().positive().nullable(),
      channels: channelsSchema(),
      window: windowSchema(),
      features: featureSpecSchema(),
      scaler: z.strictObject({
        mean: z.array(finite),
        inverseStd: z.array(z.number().positive()),
        clamp: z.number().positive(),
      }),
      outputs: z
        .array(z.strictObject({ failureMode: plainName, title: text }))
        .min(1)
        .max(32),
      calibration: z.array(z.strictObject({ slope: z.number().positive(), intercept: finite })),
      thresholds: z.array(
        z
          .strictObject({
            raise: probability,
            onCount: count,
            onWindows: count,
            clear: probability,
            offWindows: count,
          })
          .refine((threshold) => threshold.clear <= threshold.raise, "clear must not be above raise")
          .refine(
            (threshold) => threshold.onCount <= threshold.onWindows,
            "onCount must not be above onWindows",
          ),
      ),
      groups: z.array(z.string().min(1).max(64)).min(1).max(12),
      budgets: budgetsSchema(),
      baseline: baselineSpecSchema().optional(),
      normalBehaviour: normalBehaviourSchema().optional(),
      files: z
        .array(
          z.strictObject({
            path: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/, "a file name without folders"),
            sizeBytes: z
              .int()
              .min(0)
              .max(1 << 30),
            sha256: hexDigest,
          }),
        )
        .min(1)
        .max(64),
      lineage: lineageSchema(),
    })
    .superRefine((manifest, context) => {
      const expectLength = (path: string, actual: number, expected: number): void => {
        if (actual !== expected) {
          context.addIssue({
            code: "custom",
            path: [path],
            message: `has ${actual} entries, expected ${expected}`,
          });
        }
      };
      expectLength("scaler.mean", manifest.scaler.mean.length, manifest.features.list.length);
      expectLength("scaler.inverseStd", manifest.scaler.inverseStd.length, manifest.features.list.length);
      const expectsValues = manifest.task === "normal-behaviour";
      const decided = expectsValues ? 0 : manifest.outputs.length;
      expectLength("calibration", manifest.calibration.length, decided);
      expectLength("thresholds", manifest.thresholds.length, decided);
      const residuals = manifest.normalBehaviour?.residuals.length ?? 0;
      expectLength("normalBehaviour.residuals", residuals, expectsValues ? manifest.outputs.length : 0);
      if (manifest.window.hop > manifest.window.length) {
        context.addIssue({
          code: "custom",
          path: ["window", "hop"],
          message: "hop must not be above length",
        });
      }
      for (const feature of manifest.features.list) {
        if (!manifest.groups.includes(feature.group)) {
          context.addIssue({
            code: "custom",
            path: ["groups"],
            message: `lacks the group "${feature.group}"`,
          });
        }
      }
    }),
);

/** The same student for a microcontroller; bundles whose models only gateways run have none. */
export const mcuModelFileName = "model.mcu.bin";

/** Names of the files that every bundle holds beside `manifest.json` and `manifest.dsse.json`. */
export const bundleFileNames = {
  model: "model.int8.onnx",
  reference: "reference.pb",
  background: "background.bin",
  golden: "golden.bin",
  card: "MODEL_CARD.md",
  evaluation: "evaluation.json",
  bom: "bom.cdx.json",
} as const;
