import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { issueCertificate } from "../../src/cli/fleet/issue-certificate.ts";
import { openBundleShelf } from "../../src/collector/compose-registry.ts";
import { keepRecord } from "../../src/collector/keep-record.ts";
import type { EventQuery } from "../../src/collector/record/fleet-record.ts";
import { ownName } from "../../src/collector/record/record-rules.ts";
import { createInstallationKeys } from "../../src/collector/registry/installation-keys.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import type { EventRecord } from "../../src/core/contract/uplink-record.ts";
import { openWhole } from "../../src/core/platform/daemon/closing.ts";
import { createLogger, silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics } from "../../src/core/platform/metrics.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { waitsForNobody } from "../support/waits-for-nobody.ts";
import { startCollector } from "../support/whole-collector.ts";
import { startTestFleet } from "./fleet-fixture.ts";
import { evidenceNumber } from "./record/evidence-record-suite.ts";

describe("a collector's start and end", () => {
  const quiet = { logger: silentLogger };
  const configure = (stateDir: string, more: object = {}) =>
    collectorConfigSchema().parse({
      collector: { stateDir, httpPort: 0 },
      mqtt: { embedded: { port: 0 } },
      ...more,
    });

  it("starts without a gateway, a bundle or a key, shows words for what is empty, and ends within 3 s", async () => {
    const collector = await startCollector(configure(createTemporaryFolder()), quiet);
    const page = await (await fetch(collector.url)).text();
    for (const words of [
      "No turbine has reported yet",
      "No alert has been raised",
      "No gateway has connected",
    ]) {
      expect(page).toContain(words);
    }
    await waitsForNobody(collector.close());
    await expect(fetch(collector.url)).rejects.toThrow();
  });

  it("knows the models that it came with, for their drift, whatever it publishes", async () => {
    const { models } = await openBundleShelf(configure(createTemporaryFolder()), silentLogger);
    const names = [...models.values()].map(({ manifest }) => manifest.name);
    expect(names.sort()).toEqual(["bearing-vibration", "turbine-scada"]);
  });

  it("runs while its broker is unreachable, and says that it is not ready", async () => {
    const { mqtt, ...rest } = configure(createTemporaryFolder());
    // A file with a password in an address is refused; whoever calls may have one.
    const config = { ...rest, mqtt: { ...mqtt, url: "mqtt://user:secret@127.0.0.1:9" } };
    const lines: string[] = [];
    const logger = createLogger({ level: "debug", format: "json", write: (line) => lines.push(line) });
    const collector = await startCollector(config, { logger });
    expect((await fetch(`${collector.url}/-/ready`)).status).toBe(503);
    expect((await fetch(`${collector.url}/-/healthy`)).status).toBe(200);
    expect(collector.mqttUrl).toBe("mqtt://127.0.0.1:9");
    await collector.close();
    expect(lines.join("")).not.toContain("secret");
  });

  it("stores and shows after the end of its root, with no registry yet, and offers no updates", async () => {
    const [stateDir, keysDir] = [createTemporaryFolder(), join(createTemporaryFolder(), "keys")];
    await createInstallationKeys(keysDir, Date.now() - 6 * 365 * 86_400_000);
    const trustedKeys = ["models/release.pub"];
    const lines: string[] = [];
    const logger = createLogger({ format: "json", write: (line) => lines.push(line) });
    const registry = { keysDir, trustedKeys, publish: ["models/bearing-vibration"] };
    const collector = await startCollector(configure(stateDir, { registry }), { logger });
    expect((await fetch(collector.url)).status).toBe(200);
    expect((await fetch(`${collector.url}/tuf/metadata/timestamp.json`)).status).toBe(404);
    await collector.close();
    expect(lines.join("")).toMatch(/root metadata was good until/);
  });

  it("tells, some minutes after its start, of a certificate that comes to its end, in its log and once among its events", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const stateDir = createTemporaryFolder();
    const caFile = join(stateDir, "ca.pem");
    const dates = { fromMs: Date.now() - 300 * 86_400_000, days: 330.0005 };
    writeFileSync(caFile, issueCertificate({ name: "site", use: "authority", ...dates }).certPem);
    const events: EventRecord[] = [];
    let looks = 0;
    const record = {
      holdLease: async () => false,
      releaseLeases: async () => {},
      storeOwnEvent: async (event: EventRecord) => void events.unshift(event),
      events: async ({ gateway }: EventQuery) => {
        looks++;
        return { items: gateway === ownName ? events : [] };
      },
    };
    const config = configure(stateDir, { mqtt: { url: "mqtts://127.0.0.1:9", caFile } });
    for (let run = 1; run <= 2; run++) {
      const closers = await openWhole(silentLogger, async (opened) => opened);
      const around = { ...quiet, metrics: createMetrics(), config, record };
      keepRecord(around as unknown as Parameters<typeof keepRecord>[0], closers);
      await vi.advanceTimersByTimeAsync(300_000);
      await vi.waitFor(() => expect([looks, events.length]).toEqual([run, 1]));
      await closers.closeAll();
    }
    expect(events).toMatchObject([{ name: "file-expires", subject: caFile }]);
  });

  it("does not start without a file that its configuration names, and says what to check", async () => {
    const stateDir = createTemporaryFolder();
    const passwordFile = join(stateDir, "gone");
    for (const more of [
      { mqtt: { embedded: { port: 0, gateways: [{ id: "gw", passwordFile }] } } },
      { record: { kind: "postgres", url: "postgres://user@127.0.0.1:9/fleet", passwordFile } },
    ]) {
      await expect(startCollector(configure(stateDir, more), quiet)).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        subject: passwordFile,
        hint: "Check the path and that this user may read the file.",
      });
    }
  });

  it("sets a corrupted database aside, says so, and begins anew", async () => {
    const stateDir = createTemporaryFolder();
    writeFileSync(join(stateDir, "collector.sqlite"), "this is not a database, but long enough".repeat(100));
    const collector = await startCollector(configure(stateDir), quiet);
    const body = await (await fetch(`${collector.url}/api/v1/events`)).json();
    expect(body).toMatchObject({ total: 1, items: [{ name: "store.corrupted" }] });
    await collector.close();
    expect(readdirSync(stateDir).some((name) => name.startsWith("collector.sqlite.corrupt-"))).toBe(true);
  });

  it("tells after a start that listed evidence has no file, and whether the folder may not be mounted", async () => {
    const config = configure(createTemporaryFolder());
    const first = await startCollector(config, quiet);
    const names = async ({ record }: typeof first) =>
      (await record.events({ limit: 9, offset: 0 })).items.map(({ name, detail }) => `${name}: ${detail}`);
    await first.record.putEvidence(evidenceNumber(1));
    await first.close();
    const second = await startCollector(config, quiet);
    await until(async () => (await names(second)).length > 0, "it is told");
    expect(await names(second)).toEqual([
      expect.stringMatching(/^evidence-differs: Without a file here: 1 of 1 listed .* may not be mounted\./),
    ]);
    await second.close();
  });

  it("is refused on the record of another that runs, and starts when that has ended", async () => {
    const config = configure(createTemporaryFolder());
    const first = await startCollector(config, quiet);
    const refused = startCollector(config, quiet);
    await expect(refused).rejects.toMatchObject({
      code: "STORE",
      message: expect.stringContaining("another collector writes"),
      hint: expect.stringContaining("keeps no locks (NFS)"),
    });
    expect((await fetch(`${first.url}/-/ready`)).status).toBe(200);
    await first.close();
    await (await startCollector(config, quiet)).close();
  });

  it("leaves a bundle with one flipped bit out, and runs", async () => {
    const inner = createTemporaryFolder();
    mkdirSync(join(inner, "bundles", "broken"), { recursive: true });
    writeFileSync(join(inner, "bundles", "broken", "manifest.json"), "{}");
    const other = await startTestFleet(inner);
    const { body } = await other.getJson("/api/v1/models");
    expect((body as { items: { version: string }[] }).items.map((item) => item.version)).toEqual(["1.2.0"]);
    await other.collector.close();
    expect(existsSync(join(inner, "state", "collector.sqlite"))).toBe(true);
  });
});
