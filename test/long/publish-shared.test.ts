import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createRegistryClient } from "../../src/cli/bundle/registry-client.ts";
import { createInstallationKeys } from "../../src/collector/registry/installation-keys.ts";
import { loadPrivateKey } from "../../src/core/bundle/keys.ts";
import { writeBundle } from "../../src/core/bundle/write-bundle.ts";
import { type Running, startAurora } from "../cli/aurora.ts";
import { findFreePort } from "../support/free-port.ts";
import { hasMosquitto, startMosquitto } from "../support/mosquitto.ts";
import { hasPostgres, startScratchPostgres } from "../support/scratch-postgres.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { createTestBundle, testBundleName } from "../support/test-bundle.ts";
import { until } from "../support/until.ts";

/** Keys, a publisher, and bundles of these versions, signed. */
async function prepare(versions: readonly string[]) {
  const folder = createTemporaryFolder();
  const at = (...names: string[]): string => join(folder, ...names);
  await createInstallationKeys(at("keys"), Date.now());
  await startAurora(["keys", "publisher", at("publishers"), "ci"]).finished;
  const release = await loadPrivateKey(at("keys", "release.key"));
  mkdirSync(at("made"));
  for (const version of versions)
    await writeBundle(at("made", version), createTestBundle({ version }), release);
  return { at, keyFile: at("publishers", "ci.key") };
}

/** A collector of this role on a port of its own; `changes` are further parts of its configuration. */
async function startCollector(at: (...names: string[]) => string, role: string, changes: object) {
  const httpPort = await findFreePort();
  const path = at(`collector-${httpPort}.yaml`);
  const config = {
    collector: { stateDir: at("state"), httpPort },
    registry: {
      keysDir: at("keys"),
      trustedKeys: [at("keys", "release.pub")],
      publishers: [{ name: "ci", keyFile: at("publishers", "ci.pub"), models: ["bearing-*"] }],
    },
    ...changes,
  };
  writeFileSync(path, JSON.stringify(config));
  const url = `http://127.0.0.1:${httpPort}`;
  const start = async (): Promise<Running> => {
    const running = startAurora(["collector", "--config", path, "--role", role]);
    const answers = (): Promise<boolean> =>
      fetch(`${url}/-/healthy`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(answers, `a collector listens: ${running.output()}`, 30_000);
    return running;
  };
  return { url, start };
}

function publish(url: string, dir: string, key: string) {
  return startAurora(["bundle", "publish", dir, "--key", key, "--collector", url, "--json"]).finished;
}

async function list(url: string): Promise<string[]> {
  const { bundles } = await createRegistryClient(url).view();
  return bundles.map(({ version }) => version);
}

async function listRecorded(url: string): Promise<string[]> {
  const reply = await (await fetch(`${url}/api/v1/events?q=bundle-published&limit=500`)).json();
  return (reply as { items: { subject: string }[] }).items.map(({ subject }) => subject).sort();
}

const needs = hasPostgres && hasMosquitto;

test.skipIf(!needs)(
  "two collectors that share record and folder lose nothing of what both publish",
  async () => {
    const versions = Array.from({ length: 6 }, (_, index) => `1.0.${index}`);
    const { at, keyFile } = await prepare(versions);
    const server = await startScratchPostgres();
    onTestFinished(() => server.close());
    const broker = await startMosquitto(await findFreePort());
    onTestFinished(() => broker.close());
    const shared = {
      mqtt: { url: `mqtt://127.0.0.1:${broker.port}` },
      record: { kind: "postgres", url: await server.createDatabase() },
    };
    const both = [await startCollector(at, "web", shared), await startCollector(at, "web", shared)] as const;
    for (const { start } of both) await start();
    const urls = both.map(({ url }) => url);
    // Each to one of them, all at once; then each to the other one, which knows it.
    const published = await Promise.all(
      versions.map((version, index) => publish(urls[index % 2]!, at("made", version), keyFile)),
    );
    expect(published.map(({ code }) => code)).toEqual(versions.map(() => 0));
    for (const url of urls) expect(await list(url)).toEqual(versions.toReversed());
    const again = await publish(urls[1]!, at("made", versions[0]!), keyFile);
    expect(JSON.parse(again.stdout)).toMatchObject({ isNew: false });
    const expected = versions.map((version) => `${testBundleName}@${version}`);
    await until(
      async () => (await listRecorded(urls[0]!)).length >= expected.length,
      "all are recorded",
      30_000,
    );
    expect(await listRecorded(urls[1]!)).toEqual(expected);

    // A list is signed for each change, and what each serves is what the other does.
    const timestamps = await Promise.all(
      urls.map(async (url) => (await fetch(`${url}/tuf/metadata/timestamp.json`)).text()),
    );
    expect(timestamps[0]).toBe(timestamps[1]);
    const lists = (await readdir(at("state", "registry", "metadata"))).filter((name) =>
      name.endsWith(".targets.json"),
    );
    expect(lists).toHaveLength(1 + versions.length);
  },
);

test("kills at any moment of a publication lose nothing, leave nothing half-written and tell nobody twice", async () => {
  const kills = 5;
  const versions = Array.from({ length: kills }, (_, index) => `1.0.${index}`);
  const { at, keyFile } = await prepare(versions);
  const { url, start } = await startCollector(at, "all", {
    mqtt: { embedded: { port: await findFreePort() } },
  });
  let collector = await start();
  const begunMs = performance.now();
  expect((await publish(url, at("made", versions[0]!), keyFile)).code).toBe(0);
  const wholeMs = performance.now() - begunMs;
  for (const [index, version] of versions.entries()) {
    const publishing = publish(url, at("made", version), keyFile);
    // The command's own start is the first half of it.
    const atMs = wholeMs * (0.4 + (0.7 * index) / kills);
    await new Promise((resolve) => setTimeout(resolve, atMs));
    collector.child.kill("SIGKILL");
    await collector.finished;
    collector = await start();
    const broken = await publishing;
    // It waited for the collector to come back, or had not reached it yet.
    if (broken.code !== 0) {
      expect(broken).toMatchObject({
        code: 1,
        signal: null,
        stderr: expect.stringContaining("no collector answers"),
      });
    }
    const again = await publish(url, at("made", version), keyFile);
    expect([again.code, again.stderr]).toEqual([0, ""]);
  }
  expect(await list(url)).toEqual(versions.toReversed());
  const expected = versions.map((version) => `${testBundleName}@${version}`);
  await until(async () => (await listRecorded(url)).length >= expected.length, "all are recorded", 30_000);
  expect(await listRecorded(url)).toEqual(expected);
  expect(await readdir(at("state", "registry", "incoming"))).toEqual([]);
  expect(await readdir(at("state", "registry", "publications", "begun"))).toEqual([]);
  const targets = await readdir(at("state", "registry", "targets", testBundleName));
  expect(targets.filter((name) => name.endsWith(".tar"))).toHaveLength(kills);
  const newest = Math.max(
    ...(await readdir(at("state", "registry", "metadata"))).map((name) =>
      Number(/^(\d+)\.targets\.json$/.exec(name)?.[1] ?? 0),
    ),
  );
  const text = readFileSync(at("state", "registry", "metadata", `${newest}.targets.json`), "utf8");
  expect(Object.keys((JSON.parse(text) as { signed: { targets: object } }).signed.targets)).toHaveLength(
    kills,
  );
});
