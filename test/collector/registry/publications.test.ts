import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PublishPlan, publishBundle } from "../../../src/cli/bundle/publish-bundle.ts";
import { createRegistryClient, type RegistryClient } from "../../../src/cli/bundle/registry-client.ts";
import { errorResponse } from "../../../src/collector/api/http-route.ts";
import { createHttpServer } from "../../../src/collector/api/http-server.ts";
import { createIncomingBundles } from "../../../src/collector/registry/incoming-bundles.ts";
import { createPublicationJournal } from "../../../src/collector/registry/publication-journal.ts";
import { publicationRoutes } from "../../../src/collector/registry/publication-routes.ts";
import { createPublications } from "../../../src/collector/registry/publications.ts";
import type { Registry } from "../../../src/collector/registry/registry.ts";
import type { PrivateKey } from "../../../src/core/bundle/keys.ts";
import { signPublishOrder } from "../../../src/core/bundle/publish-order.ts";
import { packBundle } from "../../../src/core/bundle/tar.ts";
import { type BundleContents, createBundle } from "../../../src/core/bundle/write-bundle.ts";
import { AuroraError } from "../../../src/core/contract/aurora-error.ts";
import { bundleFileNames, type Manifest } from "../../../src/core/contract/bundle/manifest.ts";
import {
  maxBundlePieceBytes,
  orderLifetimeMs,
  type PublishOrder,
} from "../../../src/core/contract/publication.ts";
import { storeError } from "../../../src/core/platform/files/atomic-file.ts";
import { type FileSystem, nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMetrics } from "../../../src/core/platform/metrics.ts";
import { newKey } from "../../core/bundle/sample-bundle.ts";
import { createTestBundle, testBundleName } from "../../support/test-bundle.ts";
import { until } from "../../support/until.ts";
import { createRegistryFixture, type RegistryFixture } from "./registry-fixture.ts";

let fixture: RegistryFixture;
let publisher: PrivateKey;
let url: string;
let refused: string[];
let published: number;
let close: () => Promise<unknown>;
/** What is known here beside. */
let known: Manifest[];
/** Has the repository no room for more? */
let isFull: boolean;
/** How often all that is published was listed. */
let lists: number;
/** What the disk refuses from now on. */
let diskError: "ENOSPC" | null;

beforeEach(async () => {
  fixture = await createRegistryFixture();
  publisher = newKey();
  known = [];
  await open();
});
afterEach(async () => {
  await close();
  await fixture.close();
});

/** A collector's registry as it is after a start, over what is in the folder. */
async function open(models: readonly string[] = ["bearing-*"]): Promise<void> {
  refused = [];
  published = 0;
  lists = 0;
  isFull = false;
  diskError = null;
  const opened = await fixture.open();
  await opened.settle();
  const registry: Registry = {
    ...opened,
    list: () => {
      lists++;
      return opened.list();
    },
    publishFor: (publication, bundle) =>
      isFull
        ? Promise.reject(new AuroraError("PUBLISH", "there is room for no more", { op: "publish bundle" }))
        : opened.publishFor(publication, bundle),
  };
  const files: FileSystem = {
    ...nodeFileSystem,
    openPart: async (path, offset) => {
      if (diskError === null) return nodeFileSystem.openPart(path, offset);
      throw storeError("write", path, Object.assign(new Error("no space"), { code: diskError }));
    },
  };
  let names = Number.parseInt(publisher.keyId.slice(0, 6), 16) + performance.now();
  const publications = createPublications({
    registry,
    publishers: [{ name: "ci", key: publisher.publicKey, models }],
    trustedKeys: [fixture.release.publicKey],
    runtimeVersion: "0.1.0",
    known: new Map(known.map((manifest, at) => [`${at}`, { manifest }])),
    incoming: createIncomingBundles({
      dir: join(fixture.dir, "incoming"),
      clock: fixture.clock,
      files,
      newUpload: () => Math.trunc(names++).toString(16).padStart(32, "0"),
    }),
    clock: fixture.clock,
    logger: silentLogger,
    onPublished: () => published++,
    onRefused: (code) => refused.push(code),
  });
  const app = createHttpServer({
    routes: publicationRoutes(publications),
    notFound: async () => errorResponse(404, "NOT_FOUND", "there is nothing"),
    unavailable: async () => errorResponse(503, "STORE", "not now"),
    metrics: createMetrics(),
    logger: silentLogger,
    servedNames: { host: "127.0.0.1", names: [], key: "collector.httpNames" },
  });
  close = () => app.close();
  url = await app.listen({ port: 0, host: "127.0.0.1" });
}

function bundleOf(changes: { contents?: BundleContents; signer?: PrivateKey } = {}) {
  return createBundle(changes.contents ?? createTestBundle(), changes.signer ?? fixture.release);
}

/** An order and its bundle, with what a test wants to be wrong. */
async function orderOf(changes: Partial<PublishOrder> = {}, bundle = bundleOf()) {
  const tar = packBundle(bundle);
  const { name, version } = bundle.manifest;
  const repository = (await createRegistryClient(url).view()).repository!;
  const order = {
    name,
    version,
    digest: bundle.digest,
    tar: { bytes: tar.length, sha256: sha256Hex(tar) },
    repository,
    madeMs: fixture.clock.nowMs(),
    ...changes,
  };
  return { order, tar };
}

async function send(changes: Partial<PublishOrder> = {}, signer = publisher) {
  const { order } = await orderOf(changes);
  return createRegistryClient(url).order(signPublishOrder(order, signer));
}

/** Sends all parts of a tar as the order says. */
async function publishTar(order: PublishOrder, tar: Uint8Array) {
  const client = createRegistryClient(url);
  let answer = await client.order(signPublishOrder(order, publisher));
  while (answer.ok && answer.reply.state === "awaiting") {
    const { upload, receivedBytes: from } = answer.reply;
    answer = await client.part(upload, from, tar.subarray(from, from + maxBundlePieceBytes));
  }
  return answer;
}

function plan(changes: Partial<PublishPlan> = {}): PublishPlan {
  const bundle = changes.bundle ?? bundleOf();
  return {
    bundle,
    publisher,
    collector: url,
    root: null,
    firstPatienceMs: 0,
    patienceMs: 60_000,
    onProgress: () => {},
    onBreak: () => {},
    ...changes,
    client: withClock(changes.client ?? createRegistryClient(url)),
  };
}

/** The command's clock is the machine's; the collector's here is the test's. */
function withClock(client: RegistryClient): RegistryClient {
  fixture.clock.set(Date.now());
  return client;
}

const list = async (): Promise<string[]> =>
  (await createRegistryClient(url).view()).bundles.map(({ name, version }) => `${name}@${version}`);
const left = async (): Promise<string[]> => readdir(join(fixture.dir, "incoming"));

describe("a publication", () => {
  it("is served when the last part has come, once, with an entry in the journal", async () => {
    const sent: number[] = [];
    const result = await publishBundle(plan({ onProgress: (bytes) => sent.push(bytes) }));
    expect(result).toMatchObject({ isNew: true, bundle: { name: testBundleName, isNewest: true } });
    expect(sent[0]).toBe(0);
    lists = 0;
    expect(await list()).toEqual([`${testBundleName}@1.0.0`]);
    expect(lists).toBe(1);
    expect(published).toBe(1);
    expect(await left()).toEqual([]);
    const entries = await createPublicationJournal(fixture.dir, nodeFileSystem).listNew(10);
    expect(entries).toMatchObject([
      { publisher: "ci", keyId: publisher.keyId, signedBy: [fixture.release.keyId] },
    ]);
    expect(entries[0]).not.toHaveProperty("ungated");
    expect(await publishBundle(plan())).toMatchObject({ isNew: false });
    expect(published).toBe(1);
    const old = bundleOf({ contents: createTestBundle({ version: "0.9.0" }) });
    expect((await publishBundle(plan({ bundle: old }))).bundle.isNewest).toBe(false);
  });

  it("of a bundle whose gate was not asked says so in the journal", async () => {
    await publishBundle(plan({ bundle: bundleOf({ contents: createTestBundle({ ungated: true }) }) }));
    const journal = createPublicationJournal(fixture.dir, nodeFileSystem);
    expect(await journal.listNew(10)).toMatchObject([{ ungated: true }]);
  });

  it("is refused to whoever is not listed, for other models, repositories and times", async () => {
    expect(await send({}, newKey())).toMatchObject({ status: 403, code: "UNKNOWN_PUBLISHER" });
    expect(await send({}, fixture.release)).toMatchObject({ status: 403, code: "UNKNOWN_PUBLISHER" });
    expect(await send({ name: "turbine-scada" })).toMatchObject({ status: 403, code: "MODEL_NOT_PERMITTED" });
    expect(await send({ repository: "0".repeat(64) })).toMatchObject({ code: "OTHER_REPOSITORY" });
    for (const awayMs of [-orderLifetimeMs - 1_000, orderLifetimeMs + 1_000]) {
      expect(await send({ madeMs: fixture.clock.nowMs() + awayMs })).toMatchObject({ code: "ORDER_TIME" });
    }
    const strange = await createRegistryClient(url).order(new TextEncoder().encode('{"payload":1}'));
    expect(strange).toMatchObject({ status: 400, code: "ORDER" });
    await expect(publishBundle(plan({ root: "0".repeat(64) }))).rejects.toMatchObject({ code: "PUBLISH" });
    expect(await left().catch(() => [])).toEqual([]);
    expect(await list()).toEqual([]);
    await close();
    await open(["*"]);
    expect(await send({ name: "turbine-scada" })).toMatchObject({ ok: true });
  });

  it("is refused with an unsigned, foreign, damaged, cut, too new or contradictory bundle, and leaves nothing", async () => {
    const foreign = bundleOf({ signer: newKey() });
    await expect(publishBundle(plan({ bundle: foreign }))).rejects.toThrow(/trusted key/);
    const { order, tar } = await orderOf();
    const bad = Uint8Array.from(tar);
    bad[700]! ^= 1;
    expect(await publishTar(order, bad)).toMatchObject({ status: 422, code: "BUNDLE_DIGEST" });
    const cut = tar.subarray(0, tar.length - 512);
    const cutTar = { bytes: cut.length, sha256: sha256Hex(cut) };
    expect(await publishTar({ ...order, tar: cutTar }, cut)).toMatchObject({ code: "BUNDLE_FORMAT" });
    const other = { ...order, version: "1.0.1" };
    expect(await publishTar(other, tar)).toMatchObject({
      status: 422,
      code: "BUNDLE_DIGEST",
      message: expect.stringContaining("the order names bearing-test@1.0.1"),
    });
    const contents = createTestBundle();
    const tooNew = bundleOf({
      contents: { ...contents, manifest: { ...contents.manifest, runtime: ">=9.0.0" } },
    });
    await expect(publishBundle(plan({ bundle: tooNew }))).rejects.toThrow(/needs runtime >=9.0.0/);
    const catalogue = bundleOf({ contents: createTestBundle({ catalogueVersion: 2 }) });
    await expect(publishBundle(plan({ bundle: catalogue }))).rejects.toThrow(/features catalogue 2/);
    const golden = new Map([...contents.files, [bundleFileNames.golden, new Uint8Array(64)]]);
    const unproved = bundleOf({ contents: { ...contents, files: golden } });
    await expect(publishBundle(plan({ bundle: unproved }))).rejects.toThrow(/golden/);
    expect(await list()).toEqual([]);
    expect(await left()).toEqual([]);
    expect(refused).toContain("BUNDLE_SIGNATURE");
    expect(await createPublicationJournal(fixture.dir, nodeFileSystem).listNew(10)).toEqual([]);
  });

  it("is refused where it is another kind of model than all that are known by its name", async () => {
    const { manifest, files } = createTestBundle({ version: "1.1.0" });
    const inUnit = (unit: string) => [{ ...manifest.channels[0]!, unit }];
    known = [{ ...manifest, files: [], version: "1.0.0" }];
    await close();
    await open();
    const offer = (changes: Partial<Manifest>) =>
      publishBundle(
        plan({ bundle: bundleOf({ contents: { manifest: { ...manifest, ...changes }, files } }) }),
      );
    await expect(offer({ channels: inUnit("m/s2") })).rejects.toThrow(
      /another model than bearing-test@1\.0\.0: it takes vibration in m\/s2, and 1\.0\.0 in g/,
    );
    await expect(offer({ task: "prognosis" })).rejects.toThrow(/its task is prognosis/);
    expect(refused).toEqual(["BUNDLE_INCOMPATIBLE", "BUNDLE_INCOMPATIBLE"]);
    expect([await list(), await left()]).toEqual([[], []]);
    // One that was let through once is mended by one like those before it.
    known = [...known, { ...known[0]!, channels: inUnit("m/s2"), version: "1.0.1" }];
    await close();
    await open();
    expect(await offer({})).toMatchObject({ isNew: true });
  });

  it("is refused where there is no room for more, and is not taken for a version that is published", async () => {
    isFull = true;
    const { order, tar } = await orderOf();
    expect(await publishTar(order, tar)).toMatchObject({ status: 409, code: "TOO_MANY" });
    expect(await left()).toEqual([]);
  });

  it("never changes what a version means, of two at once one", async () => {
    const contents = createTestBundle();
    const text = new TextEncoder();
    const versions = ["one", "two"].map((words) =>
      bundleOf({
        contents: {
          ...contents,
          files: new Map([...contents.files, [bundleFileNames.card, text.encode(words)]]),
        },
      }),
    );
    const outcomes = await Promise.allSettled(versions.map((bundle) => publishBundle(plan({ bundle }))));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const loser = outcomes.find(({ status }) => status === "rejected") as PromiseRejectedResult;
    expect(loser.reason).toMatchObject({
      code: "PUBLISH",
      message: expect.stringContaining("other content"),
    });
    expect(await list()).toHaveLength(1);
    expect(await left()).toEqual([]);
  });

  it("waits for a collector that does not answer yet where it is told to, and no longer", async () => {
    const told: string[] = [];
    await close();
    // At whatever port it comes back.
    const client: RegistryClient = {
      view: () => createRegistryClient(url).view(),
      order: (envelope) => createRegistryClient(url).order(envelope),
      part: (...part) => createRegistryClient(url).part(...part),
    };
    const early = publishBundle(
      plan({ client, firstPatienceMs: 20_000, onBreak: (message) => told.push(message) }),
    );
    await until(() => told.length > 0, "the first question was waited out");
    await open();
    expect(await early).toMatchObject({ isNew: true });
    await close();
    const started = performance.now();
    await expect(publishBundle(plan({ firstPatienceMs: 300 }))).rejects.toMatchObject({ code: "COLLECTOR" });
    expect(performance.now() - started).toBeLessThan(5_000);
    await open();
  });

  it("goes on where it stood after a restart, and takes no part that is not the next", async () => {
    const { order, tar } = await orderOf();
    const client = createRegistryClient(url);
    const first = await client.order(signPublishOrder(order, publisher));
    if (!first.ok || first.reply.state !== "awaiting") throw new Error("not awaited");
    const { upload } = first.reply;
    expect(await client.part(upload, 0, tar.subarray(0, 5_000))).toMatchObject({
      reply: { receivedBytes: 5_000 },
    });
    expect(await client.part(upload, 0, tar.subarray(0, 10))).toMatchObject({ status: 409, code: "OFFSET" });
    expect(await client.part(upload, 9_000, tar.subarray(0, 10))).toMatchObject({ code: "OFFSET" });
    expect(await client.part("0".repeat(32), 0, tar.subarray(0, 10))).toMatchObject({ status: 404 });
    expect(await client.part("../../etc", 0, tar.subarray(0, 10))).toMatchObject({ status: 404 });
    await expect(client.part(upload, 5_000, new Uint8Array(maxBundlePieceBytes + 1))).resolves.toMatchObject({
      status: 413,
    });
    await close();
    await open();
    const again = await createRegistryClient(url).order(signPublishOrder(order, publisher));
    expect(again).toMatchObject({ reply: { state: "awaiting", upload, receivedBytes: 5_000 } });
    const sendAgain = await publishTar(order, tar);
    expect(sendAgain).toMatchObject({ ok: true, reply: { state: "published", isNew: true } });
    expect(await list()).toEqual([`${testBundleName}@1.0.0`]);
    expect(await left()).toEqual([]);
  });

  it("waits while the disk is full, keeps what has come, and says so", async () => {
    diskError = "ENOSPC";
    await expect(publishBundle(plan())).rejects.toMatchObject({
      code: "PUBLISH",
      message: expect.stringContaining("disk is full"),
    });
    expect(await left()).toHaveLength(1);
    diskError = null;
    expect(await publishBundle(plan())).toMatchObject({ isNew: true });
    expect(await left()).toEqual([]);
  });

  it("that nobody goes on with is given up, and a publisher has four under way at most", async () => {
    const begin = async (version: string) => {
      const { order } = await orderOf({}, bundleOf({ contents: createTestBundle({ version }) }));
      return createRegistryClient(url).order(signPublishOrder(order, publisher));
    };
    for (const version of ["1.0.0", "1.0.1", "1.0.2", "1.0.3"]) expect((await begin(version)).ok).toBe(true);
    expect(await begin("1.0.4")).toMatchObject({ status: 503, code: "TOO_MANY" });
    fixture.clock.pass(300_000);
    expect((await begin("1.0.4")).ok).toBe(true);
    expect(await left()).toHaveLength(4);
    fixture.clock.pass(orderLifetimeMs + 1);
    await begin("3.0.0");
    expect(await left()).toHaveLength(1);
  });
});

describe("the journal of publications", () => {
  it("forgets what was begun and not published, and keeps what was published and not settled", async () => {
    const journal = createPublicationJournal(fixture.dir, nodeFileSystem);
    const { order } = await orderOf();
    const common = { publisher: "ci", keyId: publisher.keyId, envelope: "{}", publishedMs: 1, signedBy: [] };
    await journal.begin({ ...common, upload: "a".repeat(32), order });
    await journal.begin({ ...common, upload: "b".repeat(32), order: { ...order, version: "9.0.0" } });
    await journal.settle(({ version }) => version === order.version);
    expect(await journal.listNew(10)).toMatchObject([{ upload: "a".repeat(32) }]);
    await journal.settle(() => true);
    expect(await journal.listNew(10)).toHaveLength(1);
    await journal.markTold("a".repeat(32));
    expect(await journal.listNew(10)).toEqual([]);
  });
});
