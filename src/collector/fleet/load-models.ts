/** Models that are known here or in use, and which turbines say that they run them. */
import type { FleetSource } from "./fleet-source.ts";

export interface ModelView {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** Words of its bundle, or null when the bundle is not known here. */
  readonly title: string | null;
  /** `<site>/<turbine>` that said they run it. */
  readonly turbines: readonly string[];
}

/** Loads the models; those whose bundles are known here come first. */
export async function loadModels(fleet: FleetSource): Promise<readonly ModelView[]> {
  const models = new Map<string, ModelView & { readonly turbines: string[] }>();
  for (const { digest, manifest } of fleet.models.values()) {
    const { name, version, title } = manifest;
    models.set(digest, { name, version, digest, title, turbines: [] });
  }
  for (const { site, turbine, state } of await fleet.record.turbines()) {
    const model = state?.model;
    if (model === null || model === undefined) continue;
    const entry = models.get(model.digest) ?? { ...model, title: null, turbines: [] };
    models.set(model.digest, entry);
    entry.turbines.push(`${site}/${turbine}`);
  }
  return [...models.values()];
}
