/**
 * The bundles that a collector knows: those in its folders, which are published to the gateways, and those that came to the registry
 * in another way; all are read for the page. Looks again from time to time, so that a new version is offered without a restart.
 */

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { manifestFileName, type VerifiedBundle } from "../../core/bundle/bundle.ts";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { unpackTar } from "../../core/bundle/tar.ts";
import { verifyBundle, verifyBundleFiles } from "../../core/bundle/verify-bundle.ts";
import { hasErrorCode, systemCodeOf } from "../../core/contract/aurora-error.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import type { ReliabilityBin } from "../../core/contract/bundle/reliability-bin.ts";
import { maxPublishedBytes } from "../../core/contract/publication.ts";
import { decodeReference } from "../../core/drift/reference-codec.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { createWorkQueue } from "../../core/platform/work-queue.ts";
import type { Registry } from "../registry/registry.ts";
import type { KnownModel } from "./fleet-source.ts";

export interface BundleShelf {
  /** By digest; grows with every scan that finds something. */
  readonly models: ReadonlyMap<string, KnownModel>;
  /** Takes up what is new; resolves with how many bundles were. What is refused is logged once per reason, and tried again at each scan. */
  scan(): Promise<number>;
  /** Takes up nothing more; resolves when the bundle that is being taken up is. */
  close(): Promise<void>;
}

interface BundleShelfOptions {
  /** Bundle folders, or folders that hold bundle folders. */
  readonly dirs: readonly string[];
  /** Folder of the registry, whose tars are read as well; null: there is none. */
  readonly registryDir: string | null;
  readonly trustedKeys: readonly TrustedKey[];
  /** Null: bundles are shown and not served. */
  readonly registry: Pick<Registry, "publish"> | null;
  /** Models that are known already, and not served. */
  readonly known?: ReadonlyMap<string, KnownModel>;
  readonly logger: Logger;
}

/** Creates a shelf of nothing but what is known already. */
export function createBundleShelf(options: BundleShelfOptions): BundleShelf {
  const { registry, known, logger } = options;
  /** Manifest's time by folder, of what was taken up. */
  const takenUp = new Map<string, number>();
  /** Why others were refused last, by folder: one that is still being copied is whole later. */
  const refusals = new Map<string, string>();
  const models = new Map(known);
  /** How many bundles a folder had that has too many, as was told. */
  const crowded = new Map<string, number>();

  const takeUp = async ({ path: dir, timeMs, isTar }: FoundBundle): Promise<boolean> => {
    try {
      const load = isTar ? verifyTar : verifyBundle;
      const model = describeModel(await load(dir, options.trustedKeys));
      const isNew = refusals.has(dir) || models.get(model.digest) === known?.get(model.digest);
      // What may not be published is known all the same: gateways may run it.
      models.set(model.digest, model);
      if (!isTar) await registry?.publish(dir);
      takenUp.set(dir, timeMs);
      refusals.delete(dir);
      if (isNew) {
        const { name, version } = model.manifest;
        logger.info("bundle taken up", {
          dir,
          name,
          version,
          digest: model.digest,
          served: registry !== null,
          ungated: model.ungated,
        });
      }
      return isNew;
    } catch (error) {
      // What a disk refuses is told by a name of its own each time.
      const reason = hasErrorCode(error, "STORE") ? `STORE ${error.subject}` : String(error);
      if (refusals.get(dir) !== reason) logger.error("bundle refused", { dir, error });
      refusals.set(dir, reason);
      return false;
    }
  };
  const scan = async (): Promise<number> => {
    let taken = 0;
    const tars = options.registryDir === null ? [] : await findTars(options.registryDir, logger);
    for (const found of [...(await findBundles(options.dirs, crowded, logger)), ...tars]) {
      if (queue.isClosed) break;
      if (takenUp.get(found.path) === found.timeMs) continue;
      if (await takeUp(found)) taken++;
    }
    return taken;
  };
  // Two scans at once would publish the same bundle twice.
  const queue = createWorkQueue();
  return { models, close: queue.close, scan: () => queue.run(scan) };
}

/** A bundle of the registry. @throws AuroraError BUNDLE_* when it does not verify, DATA_MISSING when it was removed */
async function verifyTar(path: string, trustedKeys: readonly TrustedKey[]): Promise<VerifiedBundle> {
  return verifyBundleFiles(unpackTar(await readFileBounded(path, maxPublishedBytes)), trustedKeys, path);
}

function describeModel({ digest, manifest, files }: VerifiedBundle): KnownModel {
  const reference = decodeReference(files.get(bundleFileNames.reference)!);
  const reliability = readReliability(files.get(bundleFileNames.evaluation));
  const { ungated } = manifest.lineage;
  return { digest, manifest, reference, reliability, ungated };
}

const share = z.number().min(0).max(1);
const evaluationSchema = z.object({
  reliability: z.object({
    outOfFold: z.array(z.object({ stated: share, observed: share, cases: z.number().min(0) })).max(256),
  }),
});

/** The reliability of a verified bundle's probabilities; undefined: its evaluation states none. */
function readReliability(evaluation: Uint8Array | undefined): readonly ReliabilityBin[] | undefined {
  if (evaluation === undefined) return undefined;
  // What somebody wrote and signed need not be JSON; a bundle is taken up without it.
  return evaluationSchema.safeParse(parseJsonBytes(evaluation)).data?.reliability.outOfFold;
}

interface FoundBundle {
  readonly path: string;
  readonly timeMs: number;
  /** One file of the registry instead of a folder. */
  readonly isTar: boolean;
}

/** Below one that is configured. */
const maxFolders = 256;
/** Of one model; a registry holds no more than thousands. */
const maxTars = 4_096;

/** `<registry>/targets/<model>/<sha256>.<version>.tar`; none before anything was published. */
async function findTars(registryDir: string, logger: Logger): Promise<FoundBundle[]> {
  const found: FoundBundle[] = [];
  try {
    const targets = join(registryDir, "targets");
    for (const model of await nodeFileSystem.list(targets)) {
      for (const name of (await nodeFileSystem.list(join(targets, model))).slice(0, maxTars)) {
        if (!/^[0-9a-f]{64}\..+\.tar$/.test(name)) continue;
        const path = join(targets, model, name);
        found.push({ path, timeMs: (await stat(path)).mtimeMs, isTar: true });
      }
    }
  } catch (error) {
    logger.warn("the registry's bundles cannot be read", { registryDir, error });
  }
  return found;
}

async function findBundles(
  dirs: readonly string[],
  crowded: Map<string, number>,
  logger: Logger,
): Promise<FoundBundle[]> {
  const found: FoundBundle[] = [];
  for (const dir of dirs) {
    const own = await findBundle(dir, logger);
    if (own !== null) {
      found.push(own);
      continue;
    }
    try {
      const entries = await readdir(dir, { withFileTypes: true });
      const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      const folders = names.length;
      if (folders > maxFolders && crowded.get(dir) !== folders) {
        crowded.set(dir, folders);
        logger.warn("more folders of bundles than are looked at", { dir, folders, maxFolders });
      }
      // Node promises no order.
      for (const name of names.sort().slice(0, maxFolders)) {
        const bundle = await findBundle(join(dir, name), logger);
        if (bundle !== null) found.push(bundle);
      }
    } catch (error) {
      logger.warn("folder of bundles cannot be read", { dir, error });
    }
  }
  return found;
}

async function findBundle(dir: string, logger: Logger): Promise<FoundBundle | null> {
  try {
    return { path: dir, timeMs: (await stat(join(dir, manifestFileName))).mtimeMs, isTar: false };
  } catch (error) {
    // A folder without a manifest holds bundles, or something else.
    const code = systemCodeOf(error);
    if (code !== "ENOENT" && code !== "ENOTDIR") logger.warn("bundle cannot be looked at", { dir, error });
    return null;
  }
}
