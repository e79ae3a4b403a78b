/** Can this runtime run that bundle? Says no with the reason; never tries. */
import { AuroraError } from "../contract/aurora-error.ts";
import { featuresCatalogueVersion } from "../contract/bundle/feature-spec.ts";
import type { ChannelContract, Manifest } from "../contract/bundle/manifest.ts";
import { satisfiesRange } from "./version.ts";

export interface RuntimeIdentity {
  readonly runtimeVersion: string;
}

/** @throws AuroraError BUNDLE_INCOMPATIBLE when the bundle needs another runtime or features catalogue. */
export function checkCompatibility(manifest: Manifest, runtime: RuntimeIdentity): void {
  const subject = `${manifest.name}@${manifest.version}`;
  const op = "check compatibility";
  for (const spec of [manifest.features, manifest.baseline?.levels]) {
    if (spec === undefined || spec.catalogueVersion === featuresCatalogueVersion) continue;
    const needed = spec.catalogueVersion;
    throw new AuroraError(
      "BUNDLE_INCOMPATIBLE",
      `needs features catalogue ${needed}, this runtime has ${featuresCatalogueVersion}`,
      {
        op,
        subject,
        hint:
          needed > featuresCatalogueVersion
            ? "Update the runtime first."
            : "Train the model again with this runtime.",
      },
    );
  }
  let within: boolean;
  try {
    within = satisfiesRange(runtime.runtimeVersion, manifest.runtime);
  } catch (cause) {
    throw new AuroraError("BUNDLE_INCOMPATIBLE", `states the runtime range "${manifest.runtime}"`, {
      op,
      subject,
      hint: "A range looks like >=0.1.0 <1.0.0.",
      cause,
    });
  }
  if (!within) {
    throw new AuroraError(
      "BUNDLE_INCOMPATIBLE",
      `needs runtime ${manifest.runtime}, this is ${runtime.runtimeVersion}`,
      { op, subject, hint: "Update the runtime first." },
    );
  }
}

/** What makes a model what it is, whatever its version. */
export type ModelKind = Pick<Manifest, "name" | "version" | "task" | "channels">;

/**
 * In what `next` is not a version of the model that `before` is, but another model under its name: its task, or the kind or unit of
 * a channel; null: in nothing. Channels may come and go; that of samples may be called otherwise.
 */
export function findOtherKind(next: ModelKind, before: ModelKind): string | null {
  const { version, task } = before;
  if (next.task !== task) return `its task is ${next.task}, that of ${version} is ${task}`;
  for (const { name, kind, unit } of next.channels) {
    const isSame = (other: ChannelContract): boolean =>
      other.name === name || (kind === "waveform" && other.kind === kind);
    const same = before.channels.find(isSame);
    if (same === undefined) continue;
    if (same.kind !== kind) return `its channel ${name} is a ${kind}, that of ${version} a ${same.kind}`;
    if (same.unit !== unit) return `it takes ${name} in ${unit}, and ${version} in ${same.unit}`;
  }
  return null;
}

/** @throws AuroraError BUNDLE_INCOMPATIBLE where there is a misfit with the gateway that the bundle came to. */
export function checkFit({ name, version }: Manifest, misfit: string | null): void {
  if (misfit === null) return;
  throw new AuroraError("BUNDLE_INCOMPATIBLE", `does not fit this gateway: ${misfit}`, {
    op: "check fit",
    subject: `${name}@${version}`,
    hint: "The model before it serves. Publish one that fits, or a model of another kind under another name.",
  });
}
