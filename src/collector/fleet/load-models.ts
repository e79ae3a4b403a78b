/**
 * Models that are published here or in use, which turbines say that they run them, and the steps of their updates. Of a model whose
 * bundle is not known here nobody can say whether its gate was asked.
 */
import type { GatewayQuery, Listing, RecordedUpdate } from "../record/fleet-record.ts";
import type { FleetSource } from "./fleet-source.ts";

export interface ModelView {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** Words of its bundle, or null when the bundle is not known here. */
  readonly title: string | null;
  /** `<site>/<turbine>` that said they run it. */
  readonly turbines: readonly string[];
  /** How many said so. */
  readonly turbineCount: number;
  /** Its bundle was written without asking its gate. Absent: the gate let it out, or the bundle is not known here. */
  readonly ungated?: true | undefined;
}

/** A step of an update, and whether it brings a bundle whose gate was not asked. */
export interface UpdateView extends RecordedUpdate {
  /** As {@link ModelView.ungated}, of the version that the step is about. */
  readonly ungated?: true | undefined;
}

/** Loads the models; those whose bundles are known here come first. */
export async function loadModels(fleet: FleetSource): Promise<readonly ModelView[]> {
  const models = new Map<string, Omit<ModelView, "turbineCount"> & { readonly turbines: string[] }>();
  const unused = new Set<string>();
  for (const { digest, manifest, ungated, isOnlyShipped } of fleet.models.values()) {
    const { name, version, title } = manifest;
    models.set(digest, { name, version, digest, title, turbines: [], ungated });
    if (isOnlyShipped) unused.add(digest);
  }
  for (const { site, turbine, state } of await fleet.record.turbineBriefs()) {
    const model = state?.model;
    if (model === null || model === undefined) continue;
    const entry = models.get(model.digest) ?? { ...model, title: null, turbines: [] };
    models.set(model.digest, entry);
    entry.turbines.push(`${site}/${turbine}`);
    unused.delete(model.digest);
  }
  return [...models.values()]
    .filter(({ digest }) => !unused.has(digest))
    .map((model) => ({ ...model, turbineCount: model.turbines.length }));
}

/** Loads steps of updates, newest first. */
export async function loadUpdates(fleet: FleetSource, query: GatewayQuery): Promise<Listing<UpdateView>> {
  const { items, ...length } = await fleet.record.updates(query);
  // A step names no digest; of one name and version a registry offers one bundle only.
  const ungated = new Set(
    [...fleet.models.values()]
      .filter((model) => model.ungated === true)
      .map(({ manifest }) => `${manifest.name}@${manifest.version}`),
  );
  return {
    ...length,
    items: items.map((update) =>
      ungated.has(`${update.modelName}@${update.toVersion}`) ? { ...update, ungated: true } : update,
    ),
  };
}
