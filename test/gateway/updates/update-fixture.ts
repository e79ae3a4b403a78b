/** A registry behind a server that tests can make misbehave, and updaters that look at it. */
import { cp, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { createScratchFolder } from "../../../scripts/scratch-folder.ts";
import { mountRoutes } from "../../../src/collector/api/http-server.ts";
import { loadRegistryKeys } from "../../../src/collector/registry/installation-keys.ts";
import type { Registry } from "../../../src/collector/registry/registry.ts";
import { registryRoutes } from "../../../src/collector/registry/registry-routes.ts";
import type { VerifiedBundle } from "../../../src/core/bundle/bundle.ts";
import { verifyBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import type { UpdateRecord } from "../../../src/core/contract/uplink-record.ts";
import { nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { createLogger } from "../../../src/core/platform/logger.ts";
import { type ProverCommand, proveBundle } from "../../../src/gateway/updates/prove-bundle.ts";
import type { ActiveBundle } from "../../../src/gateway/updates/update-look.ts";
import { createUpdater, type Updater, type UpdaterOptions } from "../../../src/gateway/updates/updater.ts";
import { createRegistryFixture, type RegistryFixture } from "../../collector/registry/registry-fixture.ts";
import { sampleContents } from "../../core/bundle/sample-bundle.ts";
import { listeningPort } from "../../support/listening-port.ts";

/** Answers a request itself (true), or leaves it to the registry. */
export type Override = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

export interface Gateway {
  readonly updater: Updater;
  readonly stateDir: string;
  readonly steps: UpdateRecord[];
  /** `name subject detail` of what was told beside the steps. */
  readonly events: string[];
  /** Bundles taken into service, in order. */
  readonly activated: { dir: string; bundle: VerifiedBundle }[];
  active(): ActiveBundle;
  /** `step version` of everything reported. */
  story(): string[];
}

export interface UpdateFixture extends RegistryFixture {
  readonly base: string;
  readonly url: string;
  /** Path and Range header of every request since it was last emptied. */
  readonly requests: string[];
  misbehave(override: Override | null): void;
  /** Serves the repository by what lies in the folder of keys now, as a collector that is started again. */
  restart(): Promise<Registry>;
  /** Serves these bytes by path instead of what the registry has. */
  substitute(files: Readonly<Record<string, Uint8Array>>): void;
  /** Breaks off all connections and refuses new ones, until true is given. */
  reachable(value: boolean): void;
  /** A gateway with its own state folder (or a copy of another's). */
  gateway(
    changes?: Partial<UpdaterOptions> & { readonly prover?: ProverCommand },
    copyOf?: string,
  ): Promise<Gateway>;
  /** A prover that does what `body` says, given `request` (the proof request) and `report` (a good one). */
  prover(body: string, timeoutMs?: number): Promise<ProverCommand>;
}

/** What a good source does not exceed on a machine under load either. */
export const patientBounds: NonNullable<UpdaterOptions["bounds"]> = {
  metadata: { stallMs: 10_000, deadlineMs: 20_000 },
  target: { stallMs: 10_000, deadlineMs: 20_000 },
};

const proverHead = `
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
const request = JSON.parse(readFileSync(0, "utf8"));
const file = (name) => readFileSync(request.bundleDir + "/" + name);
const digest = createHash("sha256").update(file("manifest.json")).digest("hex");
const cases = file("golden.bin").readUInt32LE(12);
const report = { formatVersion: 1, ok: true, digest, engine: "test", cases, failed: 0, detail: "fine" };
const answer = (value, code) => { process.stdout.write(JSON.stringify(value)); process.exitCode = code; };
`;

export async function createUpdateFixture(): Promise<UpdateFixture> {
  const registry = await createRegistryFixture();
  const scratch = createScratchFolder("ota");
  const base = scratch.path;
  const mount = async (of: Registry): Promise<FastifyInstance> => {
    const mounted = Fastify();
    mountRoutes(mounted, registryRoutes(of));
    await mounted.ready();
    return mounted;
  };
  let app = await mount(registry.registry);
  let override: Override | null = null;
  let up = true;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    if (!up) return void request.socket.destroy();
    const path = (request.url ?? "").replace(/^\/tuf/, "");
    requests.push(request.headers.range === undefined ? path : `${path} ${request.headers.range}`);
    if (override?.(path, request, response) === true) return;
    app.routing(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${listeningPort(server)}/tuf`;
  const shippedDir = join(base, "shipped");
  const shipped = await writeBundle(shippedDir, sampleContents(), registry.release);
  const updaters: Updater[] = [];
  let count = 0;

  async function prover(body: string, timeoutMs = 20_000): Promise<ProverCommand> {
    const path = join(base, `prover-${count++}.mjs`);
    await writeFile(path, proverHead + body);
    return { command: process.execPath, args: [path], timeoutMs, engine: "auto" };
  }
  const goodProver = await prover("answer(report, 0);");

  return {
    ...registry,
    base,
    url,
    requests,
    prover,
    misbehave: (value) => {
      override = value;
    },
    restart: async () => {
      const next = await registry.open(await loadRegistryKeys(registry.keysDir));
      await app.close();
      app = await mount(next);
      return next;
    },
    substitute: (files) => {
      override = (path, _request, response) => {
        const bytes = files[path];
        if (bytes === undefined) return false;
        response.writeHead(200, { "content-length": bytes.length }).end(bytes);
        return true;
      };
    },
    reachable: (value) => {
      up = value;
    },
    async gateway(changes = {}, copyOf) {
      const stateDir = join(base, `state-${count++}`);
      if (copyOf !== undefined) await cp(copyOf, stateDir, { recursive: true });
      const steps: UpdateRecord[] = [];
      const events: string[] = [];
      const activated: Gateway["activated"] = [];
      let active: ActiveBundle = {
        name: shipped.manifest.name,
        version: shipped.manifest.version,
        digest: shipped.digest,
        dir: shippedDir,
      };
      const updater = createUpdater({
        stateDir,
        url,
        initialRoot: registry.keys.root,
        trustedKeys: [registry.release.publicKey],
        runtime: { runtimeVersion: "0.1.0" },
        files: nodeFileSystem,
        findMisfit: () => null,
        findSent: () => null,
        isSentOver: () => false,
        caFile: null,
        prove: (expected, signal) => proveBundle(changes.prover ?? goodProver, expected, signal),
        active: () => active,
        onActivate: async (dir) => {
          const bundle = await verifyBundle(dir, [registry.release.publicKey]);
          activated.push({ dir, bundle });
          active = {
            name: bundle.manifest.name,
            version: bundle.manifest.version,
            digest: bundle.digest,
            dir,
          };
        },
        onStep: (record) => {
          steps.push(record);
        },
        onEvent: (name, subject, detail) => {
          events.push(`${name} ${subject} ${detail}`);
        },
        clock: registry.clock,
        timers: { after: () => () => undefined },
        logger: createLogger({ level: "silent" }),
        random: () => 0.5,
        pollIntervalMs: 60_000,
        bounds: patientBounds,
        ...changes,
      });
      updaters.push(updater);
      return {
        updater,
        stateDir,
        steps,
        events,
        activated,
        active: changes.active ?? (() => active),
        story: () => steps.map((record) => `${record.step} ${record.toVersion}`),
      };
    },
    async close() {
      for (const updater of updaters) await updater.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await app.close();
      await registry.close();
      scratch.remove();
    },
  };
}
