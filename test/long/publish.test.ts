import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createRegistryClient } from "../../src/cli/bundle/registry-client.ts";
import { loadPrivateKey } from "../../src/core/bundle/keys.ts";
import { signPublishOrder } from "../../src/core/bundle/publish-order.ts";
import { packBundle } from "../../src/core/bundle/tar.ts";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { sha256Hex } from "../../src/core/platform/files/sha256.ts";
import { auroraHere } from "../cli/aurora.ts";
import { createInstallation, type Installation } from "../gateway/installation.ts";
import { findFreePort } from "../support/free-port.ts";
import { type GatewayProcess, startGatewayProcess } from "../support/gateway-process.ts";
import { until } from "../support/until.ts";

/** A collector as a process, on one address whatever becomes of it, which lists a publisher. */
async function startPublishing(installation: Installation) {
  const { folder } = installation;
  const made = await auroraHere("keys", "publisher", join(folder, "publishers"), "ci", "--json");
  const { keyFile, publicKeyFile } = JSON.parse(made.stdout) as Record<"keyFile" | "publicKeyFile", string>;
  const path = installation.writeCollectorConfig();
  const config = JSON.parse(readFileSync(path, "utf8"));
  config.collector.httpPort = await findFreePort();
  config.registry.publish = [];
  config.registry.publishers = [{ name: "ci", keyFile: publicKeyFile, models: ["bearing-*"] }];
  writeFileSync(path, JSON.stringify(config));
  const start = async (): Promise<GatewayProcess> => {
    const collector = await startGatewayProcess(path, "collector");
    onTestFinished(() => collector.kill());
    return collector;
  };
  return { start, keyFile, url: `http://127.0.0.1:${config.collector.httpPort}` };
}

async function listEvents(url: string): Promise<{ subject: string; detail: string }[]> {
  const { items } = JSON.parse(await (await fetch(`${url}/api/v1/events?q=bundle-published`)).text());
  return items;
}

test("a bundle that is published goes on after a kill -9, is recorded once, and a gateway takes it", async () => {
  const installation = await createInstallation();
  const { start, keyFile, url } = await startPublishing(installation);
  const collector = await start();
  const gateway = await startGatewayProcess(
    installation.writeGatewayConfig(
      [{ id: "WT01", bearing: { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 }, connect: "mqtt" }],
      {
        updates: {
          enabled: true,
          url: `${url}/tuf`,
          rootFile: join(installation.folder, "keys", "root.json"),
          pollSeconds: 1,
        },
      },
    ),
  );
  onTestFinished(() => gateway.kill());
  const dir = await installation.putBundle({ version: "1.1.0" }, join(installation.folder, "made"));

  // Half of it, then the power goes.
  const bundle = await readBundle(dir);
  const tar = packBundle(bundle);
  const client = createRegistryClient(url);
  const { name, version } = bundle.manifest;
  const begun = await client.order(
    signPublishOrder(
      {
        name,
        version,
        digest: bundle.digest,
        tar: { bytes: tar.length, sha256: sha256Hex(tar) },
        repository: (await client.view()).repository!,
        madeMs: Date.now(),
      },
      await loadPrivateKey(keyFile),
    ),
  );
  if (!begun.ok || begun.reply.state !== "awaiting") throw new Error(JSON.stringify(begun));
  await client.part(begun.reply.upload, 0, tar.subarray(0, 10_000));
  await collector.kill();
  const silent = await auroraHere("bundle", "publish", dir, "--key", keyFile, "--collector", url);
  expect(silent).toMatchObject({ code: 1, stderr: expect.stringContaining("no collector answers") });
  await start();
  const published = await auroraHere(
    "bundle",
    "publish",
    dir,
    "--key",
    keyFile,
    "--collector",
    url,
    "--json",
  );
  expect(published.stderr).toBe("");
  expect(JSON.parse(published.stdout)).toMatchObject({ version: "1.1.0", isNew: true, isNewest: true });

  const model = async (): Promise<unknown> =>
    ((await gateway.status()) as { models: { version: string }[] }).models[0]?.version;
  await until(async () => (await model()) === "1.1.0", "the gateway serves it", 40_000);
  await until(async () => (await listEvents(url)).length > 0, "it is recorded");
  const again = await auroraHere("bundle", "publish", dir, "--key", keyFile, "--collector", url);
  expect(again).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("was offered to gateways already"),
  });
  const events = await listEvents(url);
  expect(events).toMatchObject([{ subject: "bearing-test@1.1.0" }]);
  expect(events[0]!.detail).toMatch(/^published by ci \(key [0-9a-f]{16}\)/);
  const models = JSON.parse(await (await fetch(`${url}/api/v1/models`)).text());
  expect(models.items.map((item: { version: string }) => item.version)).toContain("1.1.0");

  // The same model under a higher number, taken from the collector, goes the same way.
  const renumbered = join(installation.folder, "renumbered");
  const release = join(installation.folder, "release", "release.key");
  const republish = ["bundle", "republish", "bearing-test@1.1.0", "--collector", url, "--as", "1.3.0"];
  const keys = ["--key", release, "--keys", join(installation.folder, "release", "release.pub")];
  expect(await auroraHere(...republish, ...keys, "--out", renumbered)).toMatchObject({ code: 0, stderr: "" });
  const forward = await auroraHere("bundle", "publish", renumbered, "--key", keyFile, "--collector", url);
  expect(forward).toMatchObject({ code: 0, stdout: expect.stringContaining("1.3.0 is offered") });
  await until(async () => (await model()) === "1.3.0", "the gateway serves it", 40_000);

  const foreign = await installation.putBundle({ version: "1.2.0" }, join(installation.folder, "made"));
  const other = join(installation.folder, "foreign", "foreign.key");
  const refused = await auroraHere("bundle", "publish", foreign, "--key", other, "--collector", url);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no publisher of this collector has signed the order"),
  });
  const wrong = await auroraHere("bundle", "publish", foreign);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("--key") });
});
