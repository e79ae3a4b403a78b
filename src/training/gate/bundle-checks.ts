/** The gate's questions that a bundle answers by itself, whatever kind of data it was made from. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { decodeGolden } from "../../core/bundle/golden.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Lineage } from "../../core/contract/bundle/lineage.ts";
import { bundleFileNames, mcuModelFileName } from "../../core/contract/bundle/manifest.ts";
import type { DriftReference } from "../../core/drift/drift-reference.ts";
import { decodeReference } from "../../core/drift/reference-codec.ts";
import { decodeBackground } from "../../core/explain/background.ts";
import { groupFeatures } from "../../core/explain/coalition-plan.ts";
import { createIntegerKernel } from "../../core/inference/integer-engine.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { bundledConfigName, bundledFilesOf, studentOf } from "../bundle/bundled-files.ts";
import { createMcuModel } from "../bundle/create-mcu-model.ts";
import { explainRow } from "../bundle/explain-row.ts";
import { measureFaultyWeight } from "../bundle/healthy-background.ts";
import { answer, type GateCheck, skip } from "./gate-check.ts";

/** Largest gap between a prediction and the sum of its explanation. */
const maxAdditivityGap = 1e-9;

/** Form and digests: the bundle was read, so they are good; and it is complete for what the gate does. */
export function checkForm(bundle: Bundle): GateCheck {
  const missing = [bundledConfigName, ...Object.values(bundleFileNames)].filter(
    (name) => !bundle.files.has(name),
  );
  const config = bundle.files.get(bundledConfigName);
  const sameConfig = config !== undefined && sha256Hex(config) === bundle.manifest.lineage.configSha256;
  return answer("schema-and-digests", missing.length === 0 && sameConfig, {
    measured: { digest: bundle.digest, missing, configurationIsThatOfTheLineage: sameConfig ? "yes" : "no" },
    limits: { missing: [], configurationIsThatOfTheLineage: "yes" },
    words:
      missing.length > 0
        ? `lacks ${missing.join(", ")}`
        : sameConfig
          ? `${bundle.manifest.files.length} files have the digests that the manifest states`
          : "the configuration inside is not the one that the lineage names",
  });
}

/** Groups of the lineage that are on both sides. */
export function findSharedGroups(lineage: Lineage): string[] {
  return lineage.data.flatMap(({ name, trainGroups, heldOutGroups }) =>
    trainGroups.filter((group) => heldOutGroups.includes(group)).map((group) => `${name} ${group}`),
  );
}

/** Does every prediction equal the sum of its explanation, and is it the one that the golden vectors state? */
export function checkAdditivity(bundle: Bundle): GateCheck {
  const golden = decodeGolden(bundledFilesOf(bundle, bundleFileNames.golden));
  const { features, groups } = bundle.manifest;
  const parts = {
    kernel: createIntegerKernel(studentOf(bundle)),
    background: decodeBackground(bundledFilesOf(bundle, bundleFileNames.background)),
    groups: groupFeatures(features, groups),
  };
  let gap = 0;
  let differing = 0;
  for (const each of golden.cases) {
    const { logits, explanations, shares } = explainRow(each.standardised, parts);
    gap = Math.max(gap, ...explanations.map((explanation) => explanation.gap));
    const sameShares = golden.groups === 0 || sameValues(shares, each.shares);
    if (!sameShares || !sameValues(logits, each.logits)) differing++;
  }
  const cases = golden.cases.length;
  return answer("explanation-additivity", gap <= maxAdditivityGap && differing === 0 && cases > 0, {
    measured: { largestGap: gap, cases, differingCases: differing },
    limits: { largestGap: maxAdditivityGap, differingCases: 0 },
    words: `largest gap ${gap.toExponential(1)} over ${cases} golden cases, ${differing} of which give another prediction or explanation than stated`,
  });
}

/** Is what an explanation starts from healthy, by the bundle's own student? */
export function checkBackground(bundle: Bundle): GateCheck {
  const name = "explanation-background";
  const { calibration } = bundle.manifest;
  if (calibration.length === 0) return skip(name, "the bundle calls nothing faulty: it says what is normal");
  const quantised = studentOf(bundle);
  const background = decodeBackground(bundledFilesOf(bundle, bundleFileNames.background));
  const faultyWeight = measureFaultyWeight({ quantised, calibration }, background);
  return answer(name, faultyWeight === 0, {
    measured: { faultyWeight, rows: background.rows },
    limits: { faultyWeight: 0 },
    words: `${(100 * faultyWeight).toFixed(1)} % of the weight of ${background.rows} rows is called faulty by the student itself`,
  });
}

/**
 * Do the drift reference's columns fit the model, and, given an active one of the same major version, its summaries? Levels
 * may come to be watched: nothing that was gathered before is lost by that.
 */
export function checkDriftReference(bundle: Bundle, against: Bundle | null): GateCheck {
  const { manifest } = bundle;
  const columns = columnsOf(bundle);
  const names = columns.map(({ name }) => name);
  const wanted = [
    ...manifest.features.list.map((feature) => feature.name),
    ...manifest.outputs.map((output) => output.failureMode),
    // References of before state no roles, and have no levels.
    ...(columns.some(({ role }) => role !== undefined) ? listLevels(manifest) : []),
  ];
  const fitting = names.length === wanted.length && names.every((name, index) => name === wanted[index]);
  const isReplacement =
    against !== null &&
    against.manifest.name === manifest.name &&
    against.manifest.version.split(".")[0] === manifest.version.split(".")[0];
  const other = isReplacement ? columnsOf(against).map(({ name }) => name) : names;
  const changed = columns
    .filter(({ name, role }) => role !== "level" && !other.includes(name))
    .map(({ name }) => name)
    .concat(other.filter((name) => !names.includes(name)));
  return answer("drift-reference", fitting && changed.length === 0, {
    measured: { entries: names.length, changedAgainstActive: changed },
    limits: { entries: wanted.length, changedAgainstActive: [] },
    words: !fitting
      ? sayUnfitting(names, wanted)
      : changed.length > 0
        ? `watches other columns than the active model of the same major version: ${changed.slice(0, 5).join(", ")}`
        : `watches ${names.length} features, scores and levels${isReplacement ? ", and all that the active model watches" : ""}`,
  });
}

/**
 * Is the model that devices are sent the one that the gateway runs? Made once more from the bundle's own parts and compared
 * by bytes: student, thresholds, features and version all stand in the image.
 */
export function checkDeviceModel(bundle: Bundle): GateCheck {
  const image = bundle.files.get(mcuModelFileName);
  if (image === undefined) return skip("device-model", "the bundle has no model for microcontrollers");
  const expected = makeImage(bundle);
  const same = typeof expected !== "string" && Buffer.from(image).equals(expected);
  return answer("device-model", same, {
    measured: { asTheStudentGivesIt: same ? "yes" : "no" },
    limits: { asTheStudentGivesIt: "yes" },
    words: same
      ? `${mcuModelFileName} is what student, thresholds and features give`
      : typeof expected === "string"
        ? `${mcuModelFileName} cannot be of this bundle: ${expected}`
        : `${mcuModelFileName} is not what student, thresholds and features give`,
  });
}

/** Why a reference is not the model's: another number of entries, or the first that has another name. */
function sayUnfitting(names: readonly string[], wanted: readonly string[]): string {
  const at = names.findIndex((name, index) => name !== wanted[index]);
  return names.length !== wanted.length
    ? `the reference is of ${names.length} features, scores and levels, the model has ${wanted.length}`
    : `entry ${at + 1} of the reference is ${names[at]}, of the model ${wanted[at]}`;
}

function columnsOf(bundle: Bundle): DriftReference["features"] {
  return decodeReference(bundledFilesOf(bundle, bundleFileNames.reference)).features;
}

function listLevels({ baseline }: Bundle["manifest"]): readonly string[] {
  return baseline?.levels.list.map(({ name }) => name) ?? [];
}

function sameValues(left: ArrayLike<number>, right: ArrayLike<number>): boolean {
  return (
    left.length === right.length && Array.from(left).every((value, index) => Object.is(value, right[index]))
  );
}

/** The image, or why there can be none. */
function makeImage(bundle: Bundle): Uint8Array | string {
  const student = studentOf(bundle);
  try {
    return createMcuModel(bundle.manifest, student);
  } catch (error) {
    if (error instanceof AuroraError) return error.message;
    throw error;
  }
}
