/** Can this runtime run that bundle? Says no with the reason; never tries. */
import { AuroraError } from "../contract/aurora-error.ts";
import { featuresCatalogueVersion } from "../contract/bundle/feature-spec.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import { satisfiesRange } from "./version.ts";

export interface RuntimeIdentity {
  readonly runtimeVersion: string;
  /** Version of its features catalogue; default: the one of this code. */
  readonly catalogueVersion?: number;
}

/** @throws AuroraError BUNDLE_INCOMPATIBLE when the bundle needs another runtime or features catalogue. */
export function checkCompatibility(manifest: Manifest, runtime: RuntimeIdentity): void {
  const subject = `${manifest.name}@${manifest.version}`;
  const op = "check compatibility";
  const catalogueVersion = runtime.catalogueVersion ?? featuresCatalogueVersion;
  if (manifest.features.catalogueVersion !== catalogueVersion) {
    const needed = manifest.features.catalogueVersion;
    throw new AuroraError(
      "BUNDLE_INCOMPATIBLE",
      `needs features catalogue ${needed}, this runtime has ${catalogueVersion}`,
      {
        op,
        subject,
        hint:
          needed > catalogueVersion
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
