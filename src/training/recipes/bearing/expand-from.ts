/**
 * From a newcomer's `train.yaml`, five lines with `from: DIR`, to one that says everything: what it leaves out is its parent's, and
 * the parent itself is put in its place, so that the bundle can be made again without it. The parent is verified before it is used.
 */
import { join, resolve } from "node:path";
import type { Bundle } from "../../../core/bundle/bundle.ts";
import type { TrustedKey } from "../../../core/bundle/dsse.ts";
import { verifyBundle } from "../../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { bundleFileNames } from "../../../core/contract/bundle/manifest.ts";
import { type Fields, fieldsOf } from "../../../core/contract/fields.ts";
import { bundledConfigName, bundledFilesOf } from "../../bundle/bundled-files.ts";
import type { EmbeddedParent } from "./learn/parent-bundle.ts";
import { type TunedFile, usualRigs, usualTuning } from "./tuned-config.ts";

/** Keys that a parent's configuration hands on. */
const inheritedKeys =
  "name title runtime seed channels window features trainingHop hypotheses baseline costs thresholds maxCalibrationError backgroundRows goldenCases driftReplicates budgets".split(
    " ",
  );

/** What else decides the outcome than the file. */
interface ExpandOptions {
  /** Folder that `from` is relative to: the configuration's. */
  readonly folder: string;
  /** One of them must have signed the parent. */
  readonly keys: readonly TrustedKey[];
  /** As if the file said `acceptLittleEvidence: true`. */
  readonly acceptLittleEvidence: boolean;
  /** The parsed configuration of a parent. Fails with CONFIG_INVALID. */
  readonly parse: (text: string, subject: string) => Fields;
}

/**
 * The whole configuration. Fails with CONFIG_INVALID for a parent that is no bearing diagnosis, and as `verifyBundle` does.
 */
export async function expandFrom(own: TunedFile, options: ExpandOptions): Promise<Fields> {
  const { folder, keys, parse, acceptLittleEvidence } = options;
  const dir = resolve(folder, own.from);
  const bundle = await verifyBundle(dir, keys);
  const parents = readParentsConfig(bundle, dir, parse);
  const inherited = Object.fromEntries(
    inheritedKeys.flatMap((key) => (parents[key] === undefined ? [] : [[key, parents[key]]])),
  );
  const { name, version } = bundle.manifest;
  const tuning = fieldsOf(own.tuning);
  return {
    ...inherited,
    version: nextMinor(version),
    changelog: `${name} ${version}, fine-tuned on recordings of one's own machines.`,
    limitations: [],
    notes: [],
    acceptLittleEvidence: false,
    ...own,
    parent: `${name}@${version}`,
    ...(acceptLittleEvidence ? { acceptLittleEvidence } : {}),
    tuning: { ...usualTuning, ...tuning, fit: { ...usualTuning.fit, ...fieldsOf(tuning.fit) } },
    inventedRigs: {
      ...usualRigs,
      seed: fieldsOf(parents.inventedRigs).seed ?? 0,
      ...fieldsOf(own.inventedRigs),
    },
    from: embedParent(bundle),
  };
}

/** Takes from a bundle what learning needs. */
function embedParent(bundle: Bundle): EmbeddedParent {
  const { name, version } = bundle.manifest;
  const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  return {
    name,
    version,
    digest: bundle.digest,
    manifest: encode(bundle.manifestBytes),
    model: encode(bundledFilesOf(bundle, bundleFileNames.model)),
    background: encode(bundledFilesOf(bundle, bundleFileNames.background)),
  };
}

function readParentsConfig(bundle: Bundle, dir: string, parse: ExpandOptions["parse"]): Fields {
  const bytes = bundle.files.get(bundledConfigName);
  const { name, version, task } = bundle.manifest;
  const config =
    bytes === undefined ? {} : parse(new TextDecoder().decode(bytes), join(dir, bundledConfigName));
  if (task === "diagnosis" && Array.isArray(config.hypotheses)) return config;
  throw new AuroraError(
    "CONFIG_INVALID",
    `from: ${name}@${version} is no bearing diagnosis that aurora train made`,
    {
      op: "expand training configuration",
      subject: dir,
      hint: "fine-tuning goes on from a bundle such as models/bearing-vibration/1.0.0",
    },
  );
}

/** `1.0.0` → `1.1.0`; a prerelease of it becomes it. */
function nextMinor(version: string): string {
  const [major, minor] = version.split(/[.-]/).map(Number);
  return version.includes("-") ? version.split("-")[0]! : `${major}.${minor! + 1}.0`;
}
