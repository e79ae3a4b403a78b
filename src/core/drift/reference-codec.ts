/**
 * `reference.pb`: the drift reference as protobuf (proto3). Refuses what is too large, of a newer major version, or
 * does not hold together; same reference, same bytes. Files of before state neither roles nor machines.
 *
 * ```proto
 * message Reference { uint32 format_version = 1; uint32 rows = 2; uint32 feature_count = 3;
 *                     repeated Feature features = 4; Calibration calibration = 5; uint32 machines = 6; }
 * message Feature { string name = 1; repeated float edges = 2; repeated uint32 counts = 3; double mean = 4;
 *                   double sum_squares = 5; double min = 6; double max = 7;
 *                   repeated float warning_psi = 8; repeated float drift_psi = 9; uint32 role = 10; }
 * message Calibration { double seed = 1; uint32 replicates = 2; uint32 block_rows = 3; double warning_rate = 4;
 *                       double drift_rate = 5; repeated uint32 sample_sizes = 6;
 *                       repeated float family_warning_ratio = 7; repeated float family_drift_ratio = 8; }
 * ```
 * Roles: 0 not stated, 1 condition, 2 feature, 3 level, 4 score.
 */
import protobuf from "protobufjs/light.js";
import { AuroraError } from "../contract/aurora-error.ts";
import { type DriftRole, driftRoles } from "../contract/drift-verdict.ts";
import { failed, ok, type Result } from "../contract/result.ts";
import { type DriftReference, type FeatureReference, referenceLimits } from "./drift-reference.ts";

const formatVersion = 1;
const repeated = { rule: "repeated" } as const;
const types = protobuf.Root.fromJSON({
  nested: {
    Reference: {
      fields: {
        formatVersion: { type: "uint32", id: 1 },
        rows: { type: "uint32", id: 2 },
        featureCount: { type: "uint32", id: 3 },
        features: { type: "Feature", id: 4, ...repeated },
        calibration: { type: "Calibration", id: 5 },
        machines: { type: "uint32", id: 6 },
      },
    },
    Feature: {
      fields: {
        name: { type: "string", id: 1 },
        edges: { type: "float", id: 2, ...repeated },
        counts: { type: "uint32", id: 3, ...repeated },
        mean: { type: "double", id: 4 },
        sumSquares: { type: "double", id: 5 },
        min: { type: "double", id: 6 },
        max: { type: "double", id: 7 },
        warningPsi: { type: "float", id: 8, ...repeated },
        driftPsi: { type: "float", id: 9, ...repeated },
        role: { type: "uint32", id: 10 },
      },
    },
    Calibration: {
      fields: {
        seed: { type: "double", id: 1 },
        replicates: { type: "uint32", id: 2 },
        blockRows: { type: "uint32", id: 3 },
        warningRate: { type: "double", id: 4 },
        driftRate: { type: "double", id: 5 },
        sampleSizes: { type: "uint32", id: 6, ...repeated },
        familyWarningRatio: { type: "float", id: 7, ...repeated },
        familyDriftRatio: { type: "float", id: 8, ...repeated },
      },
    },
  },
});
const referenceType = types.lookupType("Reference");

export function encodeReference(reference: DriftReference): Uint8Array {
  const features = reference.features.map(({ role, ...feature }) =>
    role === undefined ? feature : { ...feature, role: driftRoles.indexOf(role) + 1 },
  );
  return Uint8Array.from(referenceType.encode({ formatVersion, ...reference, features }).finish());
}

/** A reference as it stands in the file. */
interface PlainReference extends Omit<DriftReference, "features" | "machines"> {
  readonly formatVersion: number;
  readonly features: readonly (Omit<FeatureReference, "role"> & { readonly role: number })[];
  /** 0: not known. */
  readonly machines: number;
}

/**
 * Decodes a reference.
 * @throws AuroraError BUNDLE_FORMAT when the bytes are not a sound reference, BUNDLE_INCOMPATIBLE when they are of a newer version
 */
export function decodeReference(bytes: Uint8Array): DriftReference {
  const parsed = parseReference(bytes);
  if (parsed.ok) return parsed.value;
  const newer = parsed.error.startsWith("version");
  throw new AuroraError(newer ? "BUNDLE_INCOMPATIBLE" : "BUNDLE_FORMAT", `drift reference: ${parsed.error}`, {
    op: "decode drift reference",
    hint: newer ? "update the runtime" : "take the bundle from its source again",
  });
}

function parseReference(bytes: Uint8Array): Result<DriftReference, string> {
  if (bytes.length > referenceLimits.maxBytes) {
    return failed(`${bytes.length} bytes, at most ${referenceLimits.maxBytes} are read`);
  }
  let plain: PlainReference;
  try {
    plain = referenceType.toObject(referenceType.decode(bytes), {
      defaults: true,
      arrays: true,
    }) as PlainReference;
  } catch (error) {
    return failed(`not a protobuf message (${error instanceof Error ? error.message : String(error)})`);
  }
  if (plain.formatVersion !== formatVersion) {
    return failed(`version ${plain.formatVersion}, this runtime reads version ${formatVersion}`);
  }
  if (plain.calibration === null) return failed("no calibration");
  const strange = plain.features.find(({ role }) => role > driftRoles.length);
  if (strange !== undefined) {
    return failed(`feature "${strange.name.slice(0, 64)}": role ${strange.role}, which is not known`);
  }
  const { rows, featureCount, calibration, machines } = plain;
  const reference: DriftReference = {
    rows,
    ...(machines === 0 ? {} : { machines }),
    featureCount,
    features: plain.features.map(({ role, ...feature }) => {
      const known: DriftRole | undefined = driftRoles[role - 1];
      return known === undefined ? feature : { ...feature, role: known };
    }),
    calibration,
  };
  const complaint = findFault(reference);
  return complaint === null ? ok(reference) : failed(complaint);
}

/** The first thing that is wrong with a reference, or null. */
function findFault(reference: DriftReference): string | null {
  const { features, featureCount, calibration, rows } = reference;
  const { sampleSizes } = calibration;
  if (features.length === 0 || features.length > referenceLimits.maxFeatures) {
    return `${features.length} features, expected 1 to ${referenceLimits.maxFeatures}`;
  }
  if (featureCount > features.length) return `feature count ${featureCount} of ${features.length}`;
  if (rows === 0) return "no rows";
  if (sampleSizes.length === 0 || sampleSizes.length > referenceLimits.maxSampleSizes) {
    return `${sampleSizes.length} sample sizes, expected 1 to ${referenceLimits.maxSampleSizes}`;
  }
  if (sampleSizes[0] === 0 || !increases(sampleSizes)) return "the sample sizes do not increase";
  for (const rate of [calibration.warningRate, calibration.driftRate]) {
    if (!(rate > 0 && rate < 1)) return `a false-alarm rate of ${rate}`;
  }
  for (const ladder of [calibration.familyWarningRatio, calibration.familyDriftRatio]) {
    if (!isLadder(ladder, sampleSizes.length)) return "the ratios of the family do not fit the sample sizes";
  }
  const misplaced = features.findIndex(({ role }, index) => !mayStandAt(reference, index, role));
  if (misplaced !== -1) {
    const { name, role } = features[misplaced]!;
    return `feature "${name.slice(0, 64)}": a ${role} as column ${misplaced + 1} of ${features.length}`;
  }
  for (const feature of features) {
    const fault = findFeatureFault(feature, sampleSizes.length, rows);
    if (fault !== null) return `feature "${feature.name.slice(0, 64)}": ${fault}`;
  }
  return null;
}

function findFeatureFault(feature: FeatureReference, rungs: number, rows: number): string | null {
  const { edges, counts } = feature;
  if (counts.length > referenceLimits.maxBins) return `${counts.length} bins`;
  if (counts.length !== edges.length + 1) return `${edges.length} edges and ${counts.length} bins`;
  if (!edges.every(Number.isFinite) || !increases(edges)) return "the edges do not increase";
  if (counts.reduce((sum, count) => sum + count, 0) > rows) return "more values than rows";
  if (![feature.mean, feature.sumSquares, feature.min, feature.max].every(Number.isFinite)) {
    return "moments that are not finite";
  }
  if (!isLadder(feature.warningPsi, rungs) || !isLadder(feature.driftPsi, rungs)) {
    return "the thresholds do not fit the sample sizes";
  }
  return null;
}

/** Features and conditions come first, then scores, then levels; what states no role is a feature or a score. */
function mayStandAt(
  { featureCount, features }: DriftReference,
  index: number,
  role: DriftRole | undefined,
): boolean {
  if (index < featureCount) return role !== "score" && role !== "level";
  if (role === "level") return true;
  return role !== "condition" && role !== "feature" && features[index - 1]?.role !== "level";
}

function isLadder(values: readonly number[], rungs: number): boolean {
  return values.length === rungs && values.every((value) => Number.isFinite(value) && value > 0);
}

function increases(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value > values[index - 1]!);
}
