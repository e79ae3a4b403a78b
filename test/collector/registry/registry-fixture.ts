/** A registry in a temporary folder with keys of its own, a clock that tests turn, and bundles to publish. */
import { join } from "node:path";
import Fastify from "fastify";
import { createScratchFolder } from "../../../scripts/scratch-folder.ts";
import { mountRoutes } from "../../../src/collector/api/http-server.ts";
import { createClockTrust, isClockBehind } from "../../../src/collector/clock-trust.ts";
import {
  createInstallationKeys,
  loadRegistryKeys,
  type RegistryKeys,
} from "../../../src/collector/registry/installation-keys.ts";
import {
  createMetadataFolder,
  type RepositoryState,
} from "../../../src/collector/registry/metadata-folder.ts";
import { createRegistry, type Registry } from "../../../src/collector/registry/registry.ts";
import { registryRoutes } from "../../../src/collector/registry/registry-routes.ts";
import { defaultLifetimes, nextState } from "../../../src/collector/registry/repository-state.ts";
import { addSignature } from "../../../src/collector/registry/tuf-signing.ts";
import type { PrivateKey } from "../../../src/core/bundle/keys.ts";
import { loadPrivateKey } from "../../../src/core/bundle/keys.ts";
import { parseRoot } from "../../../src/core/bundle/update-metadata.ts";
import { type BundleContents, writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { createLogger } from "../../../src/core/platform/logger.ts";

export const startMs: number = Date.UTC(2026, 0, 10, 12);

/** Version of what is signed as the n-th at {@link startMs}; the first is of the opening. */
export function versionAtStart(nth: number): number {
  return startMs / 1000 + nth - 1;
}

export interface TestClock {
  nowMs(): number;
  monotonicMs(): number;
  /** Sets the calendar; time that really passed does not change. */
  set(timeMs: number): void;
  /** Lets time pass on both. */
  pass(durationMs: number): void;
}

export function testClock(timeMs: number = startMs): TestClock {
  let now = timeMs;
  let monotonic = 1000;
  return {
    nowMs: () => now,
    monotonicMs: () => monotonic,
    set: (value) => {
      now = value;
    },
    pass: (durationMs) => {
      now += durationMs;
      monotonic += durationMs;
    },
  };
}

export interface RegistryFixture {
  readonly dir: string;
  readonly keysDir: string;
  readonly keys: RegistryKeys;
  readonly release: PrivateKey;
  readonly clock: TestClock;
  readonly registry: Registry;
  /** What a collector asks every hour; until a test does, no clock is in doubt. */
  readonly trustClock: () => Promise<boolean>;
  /** Writes a bundle and publishes it. */
  publish(contents: BundleContents, signer?: PrivateKey): ReturnType<Registry["publish"]>;
  /** A file of metadata that must be there. @throws Error when it is not. */
  metadata(name: string): Promise<Uint8Array>;
  /** Opens the folder once more, with the keys of the beginning or others. */
  open(keys?: RegistryKeys): Promise<Registry>;
  /** Serves the registry (or another) on a free port of the loopback; gives the base URL with `/tuf`. */
  serve(of?: Registry): Promise<string>;
  close(): Promise<void>;
}

export async function createRegistryFixture(): Promise<RegistryFixture> {
  const scratch = createScratchFolder("registry");
  const base = scratch.path;
  const [dir, keysDir] = [join(base, "registry"), join(base, "keys")];
  const clock = testClock();
  await createInstallationKeys(keysDir, clock.nowMs());
  const keys = await loadRegistryKeys(keysDir);
  const release = await loadPrivateKey(join(keysDir, "release.key"));
  const logger = createLogger({ level: "silent" });
  const believed = { path: join(base, "clock.believed"), files: nodeFileSystem, clock, logger };
  const open = (given = keys): Promise<Registry> =>
    createRegistry({
      dir,
      keys: given,
      trustedKeys: [release.publicKey],
      clock,
      isBehind: () => isClockBehind(believed),
    });
  const registry = await open();
  const closers: (() => Promise<unknown>)[] = [];
  let written = 0;
  return {
    dir,
    keysDir,
    keys,
    release,
    clock,
    registry,
    trustClock: createClockTrust(believed),
    open,
    async publish(contents, signer = release) {
      const bundleDir = join(base, `bundle-${written++}`);
      await writeBundle(bundleDir, contents, signer);
      return registry.publish(bundleDir);
    },
    async metadata(name) {
      const bytes = await registry.readMetadata(name);
      if (bytes === null) throw new Error(`no metadata ${name}`);
      return bytes;
    },
    async serve(of = registry) {
      const app = Fastify();
      mountRoutes(app, registryRoutes(of));
      closers.push(() => app.close());
      return `${await app.listen({ port: 0, host: "127.0.0.1" })}/tuf`;
    },
    async close() {
      for (const close of closers) await close();
      scratch.remove();
    },
  };
}

/** What somebody with the first keys, or others, can leave in the folder: its list, signed once more, above `version`. */
export async function signAbove(
  version: number,
  { dir, keys, clock }: Pick<RegistryFixture, "dir" | "keys" | "clock">,
): Promise<RepositoryState> {
  const folder = createMetadataFolder(join(dir, "metadata"));
  const previous = (await folder.readState(parseRoot(keys.root)))!;
  for (const role of ["targets", "snapshot", "timestamp"] as const) {
    const { signed } = previous[role];
    Object.assign(signed, { version: Math.max(signed.version, version) });
    addSignature(previous[role], keys[role]);
  }
  const state = nextState(
    { root: previous.root, previous, from: "targets", targetFiles: previous.targets.signed.targets },
    { keys, lifetimes: defaultLifetimes, nowMs: clock.nowMs() },
  );
  await folder.writeState(state);
  return state;
}
