/** A small model as the shelf of bundles would know it: two features, a score and a level. */
import { createFleetReference } from "../../scripts/drift/fleet-reports.ts";
import type { KnownModel } from "../../src/collector/fleet/fleet-source.ts";

export const smallReference = createFleetReference({ features: 2, levels: 1 });

export function knownModel(digest: string): KnownModel {
  const manifest = { name: "bearing-vibration", version: "1.0.0" } as KnownModel["manifest"];
  return { digest, manifest, reference: smallReference };
}
