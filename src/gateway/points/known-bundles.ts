/**
 * The bundles whose scores a gateway understands: what serves, and what served before it, for a device goes on with the
 * old model until it has the new one. A bundle that is known keeps its engine.
 */
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";

/** Known bundles by name. */
export interface KnownBundles {
  add(bundle: LoadedBundle): void;
  find(name: string, version: string): LoadedBundle | undefined;
  /** Lets go of all. */
  close(): void;
}

/** Versions of a name that are kept. */
const keptVersions = 2;

/** Creates an empty list. */
export function createKnownBundles(): KnownBundles {
  const byName = new Map<string, LoadedBundle[]>();
  return {
    add: (bundle) => {
      const { name, version } = bundle.ref;
      const others = (byName.get(name) ?? []).filter((each) => {
        const isSame = each.ref.version === version;
        if (isSame) each.release();
        return !isSame;
      });
      bundle.retain();
      const all = [bundle, ...others];
      for (const old of all.splice(keptVersions)) old.release();
      byName.set(name, all);
    },
    find: (name, version) => byName.get(name)?.find((bundle) => bundle.ref.version === version),
    close: () => {
      for (const bundle of [...byName.values()].flat()) bundle.release();
      byName.clear();
    },
  };
}
