import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request as ask, createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openShapedLink } from "../../../scripts/faults/shaped-link.ts";
import { issueCertificate } from "../../../src/cli/fleet/issue-certificate.ts";
import { type BucketStore, openBucketStore } from "../../../src/collector/evidence/bucket-store.ts";
import { objectAddress } from "../../../src/collector/evidence/s3-bucket.ts";
import type { EvidenceBucketConfig } from "../../../src/core/contract/config/kept-evidence-config.ts";
import { keptEvidenceSchema } from "../../../src/core/contract/config/kept-evidence-config.ts";
import { systemTimers } from "../../../src/core/platform/clock.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { createLogger, type Logger } from "../../../src/core/platform/logger.ts";
import { collectGarbage } from "../../support/collect-garbage.ts";
import { findFreePort } from "../../support/free-port.ts";
import { listeningPort } from "../../support/listening-port.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { hasRclone, type S3Program, type S3Server, startS3Server } from "../../support/s3-server.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { describeEvidenceStore } from "./evidence-store-suite.ts";

const id = sha256Hex(Buffer.from("evidence"));
let prefixes = 0;

/** Parsed as a file's would be, under a prefix that nobody has used. */
function configure(server: S3Server, changes: Partial<EvidenceBucketConfig> = {}): EvidenceBucketConfig {
  const s3 = { ...server.settings, prefix: `test-${prefixes++}/`, ...changes };
  return keptEvidenceSchema().parse({ s3 }).s3!;
}

async function openStore(config: EvidenceBucketConfig): Promise<{ store: BucketStore; log: string[] }> {
  const log: string[] = [];
  const logger: Logger = createLogger({ level: "debug", format: "json", write: (line) => log.push(line) });
  const store = await openBucketStore(config, { timers: systemTimers, logger });
  onTestFinished(() => store.close());
  return { store, log };
}

const keyFile = (text: string): string => {
  const path = join(createTemporaryFolder(), "key");
  writeFileSync(path, text);
  return path;
};

for (const program of ["s3rver", "rclone"] as const satisfies readonly S3Program[]) {
  const isThere = program === "s3rver" || hasRclone;
  describe.skipIf(!isThere)(
    `evidence in a bucket of ${program}${isThere ? "" : " (which is not installed)"}`,
    () => {
      let server: S3Server;
      let config: EvidenceBucketConfig;
      beforeAll(async () => {
        server = await startS3Server(program);
      });
      afterAll(() => server?.close());

      describeEvidenceStore(async (again) => {
        if (again === undefined) config = configure(server);
        return (await openStore(config)).store;
      });

      it.each([
        ["an empty prefix", { prefix: "" }],
        ["folders in front", { prefix: "fleet/north_sea=1/a.b/" }],
      ])("keeps the names that a folder has, with %s", async (_, changes) => {
        const { store } = await openStore(configure(server, changes));
        await store.put(id, "npy", Buffer.from("npy"));
        const { store: beside } = await openStore(
          configure(server, { prefix: `${changes.prefix}${id.slice(0, 2)}/x/` }),
        );
        expect(await beside.open(id, "npy")).toBeNull();
        const file = await store.open(id, "npy");
        expect(String(await buffer(file!.body))).toBe("npy");
      });

      it("is refused with a key that is not the bucket's, and says so without showing one", async () => {
        const secret = "not-the-secret-of-this-bucket";
        for (const wrong of ["accessKeyIdFile", "secretAccessKeyFile"] as const) {
          const { store, log } = await openStore(configure(server, { [wrong]: keyFile(secret) }));
          const refused = {
            code: "STORE",
            message: expect.stringMatching(/403/),
            hint: expect.stringMatching(/KeyFile/),
          };
          await expect(store.put(id, "npy", Buffer.from("npy"))).rejects.toMatchObject(refused);
          await expect(store.open(id, "npy")).rejects.toMatchObject(refused);
          await expect(store.remove(id)).rejects.toMatchObject(refused);
          expect(store.fault).toMatch(/403/);
          await until(() => log.length > 0, "it is logged");
          expect(log.join()).toContain("cannot be used");
          for (const text of [log.join(), store.fault]) expect(text).not.toContain(secret);
        }
      });

      it("says that there is no such bucket rather than that the evidence is gone", async () => {
        const { store } = await openStore(configure(server, { bucket: "nobody" }));
        const refused = {
          code: "STORE",
          message: expect.stringMatching(/NoSuchBucket/),
          hint: expect.stringMatching(/Make the bucket/),
        };
        await expect(store.open(id, "npy")).rejects.toMatchObject(refused);
        await expect(store.put(id, "npy", Buffer.from("npy"))).rejects.toMatchObject(refused);
        await expect(store.remove(id)).rejects.toMatchObject(refused);
      });

      it("reads its key anew, as it is renewed", async () => {
        const path = keyFile("an-old-one");
        const { store } = await openStore(configure(server, { secretAccessKeyFile: path }));
        await expect(store.put(id, "npy", Buffer.from("npy"))).rejects.toMatchObject({ code: "STORE" });
        writeFileSync(path, "S3RVER");
        await store.put(id, "npy", Buffer.from("npy"));
        expect(store.fault).toBeNull();
      });

      it("gives up a server that does not answer, after its time", async () => {
        const link = await openShapedLink(server.port, { name: "mute", muteAfterMs: 0 }, 1);
        onTestFinished(() => link.close());
        const endpoint = `http://127.0.0.1:${link.port}`;
        const { store } = await openStore(configure(server, { endpoint, timeoutSeconds: 1 }));
        await expect(store.put(id, "npy", Buffer.alloc(500_000))).rejects.toMatchObject({
          code: "STORE",
          message: expect.stringMatching(/no answer within 1 s/),
        });
      });

      it("ends a file that comes too slowly with an error rather than cut off", async () => {
        const config = configure(server);
        const { store } = await openStore(config);
        await store.put(id, "npy", Buffer.alloc(900_000, 1));
        const link = await openShapedLink(server.port, { name: "slow", bytesPerSecond: 100_000 }, 1);
        onTestFinished(() => link.close());
        const endpoint = `http://127.0.0.1:${link.port}`;
        const { store: slow } = await openStore({ ...config, endpoint, timeoutSeconds: 1 });
        const file = await slow.open(id, "npy");
        const read = buffer(file!.body);
        await Promise.all([collectGarbage(), expect(read).rejects.toThrow()]);
        expect(link.bytes).toBeLessThan(600_000);
      });

      it("uses a connection anew that has gone with its server", async () => {
        const { store } = await openStore(configure(server));
        await store.put(id, "npy", Buffer.from("npy"));
        await server.kill();
        await server.start();
        expect(String(await buffer((await store.open(id, "npy"))!.body))).toBe("npy");
      });

      it("asks again where the server is too busy, a few times", async () => {
        let busy = 2;
        let asked = 0;
        // In front of the real one; the signature holds for the host that was asked.
        const front = createServer((request, response) => {
          asked++;
          if (busy-- > 0) {
            response.writeHead(503).end("<Error><Code>SlowDown</Code></Error>");
            return;
          }
          const { method, url, headers } = request;
          const forward = ask(
            { port: server.port, host: "127.0.0.1", method, path: url, headers },
            (answer) => {
              response.writeHead(answer.statusCode!, answer.headers);
              answer.pipe(response);
            },
          );
          request.pipe(forward);
        }).listen(0, "127.0.0.1");
        await once(front, "listening");
        onTestFinished(() => void front.close());
        const endpoint = `http://127.0.0.1:${listeningPort(front)}`;
        // What it asks of itself at the start would be counted.
        const { store } = await openStore(configure(server, { endpoint }));
        await until(() => asked >= 3, "the bucket is known to be good");
        [busy, asked] = [2, 0];
        await store.put(id, "npy", Buffer.from("npy"));
        expect(asked).toBe(3);
        [busy, asked] = [99, 0];
        await expect(store.open(id, "npy")).rejects.toMatchObject({
          message: expect.stringMatching(/503, SlowDown/),
        });
        expect(asked).toBe(3);
      });
    },
  );
}

describe("a bucket that cannot be used", () => {
  it("is known before evidence comes, and tried until it can be", async () => {
    const server = await startS3Server();
    onTestFinished(() => server.close());
    await server.kill();
    const clock = createManualClock();
    const log: string[] = [];
    const logger = createLogger({ level: "info", format: "json", write: (line) => log.push(line) });
    const store = await openBucketStore(configure(server), { timers: clock, logger });
    onTestFinished(() => store.close());
    await until(() => store.fault !== null, "the fault is known");
    expect(store.fault).toMatch(/ECONNREFUSED/);
    await until(() => clock.pendingTimers > 0, "it will be tried again");
    await server.start();
    clock.advance(15_000);
    await until(() => store.fault === null, "the fault is gone");
    expect(log.map((line) => JSON.parse(line).message)).toEqual([
      "the bucket for raw evidence cannot be used",
      "the bucket for raw evidence can be used again",
    ]);
  });

  it("is a fault of the configuration where its key cannot be read", async () => {
    const key = { accessKeyIdFile: keyFile("id"), secretAccessKeyFile: keyFile("secret") };
    const open = (changes: object) => {
      const s3 = { endpoint: "http://127.0.0.1:1", bucket: "evidence", ...key, ...changes };
      const config = keptEvidenceSchema().parse({ s3 }).s3!;
      return openBucketStore(config, { timers: systemTimers, logger: createLogger({ level: "silent" }) });
    };
    await expect(open({ accessKeyIdFile: "/nowhere/id" })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(open({ secretAccessKeyFile: keyFile("") })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
    await expect(open({ secretAccessKeyFile: keyFile("two\nlines") })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.not.stringContaining("lines"),
    });
    const secured = { endpoint: "https://127.0.0.1:1", caFile: "/nowhere/ca" };
    await expect(open(secured)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("stops asking when it is closed", async () => {
    const { store } = await openStore({
      ...configure(
        { settings: { accessKeyIdFile: keyFile("id"), secretAccessKeyFile: keyFile("s") } } as S3Server,
        {
          endpoint: `http://127.0.0.1:${await findFreePort()}`,
          bucket: "evidence",
        },
      ),
    });
    const putting = store.put(id, "npy", Buffer.from("npy"));
    store.close();
    await expect(putting).rejects.toMatchObject({ code: "STORE" });
  });
});

it("trusts the authority that it is given, over TLS, and no other", async () => {
  const server = await startS3Server();
  onTestFinished(() => server.close());
  const year = { fromMs: Date.now(), days: 1 };
  const make = (name: string) => issueCertificate({ name, use: "authority", ...year });
  const authority = make("ours");
  const issued = issueCertificate(
    { name: "localhost", use: "server", ...year },
    { name: "ours", ...authority },
  );
  const front = createTlsServer({ cert: issued.certPem, key: issued.keyPem }, (request, response) => {
    const { method, url: path, headers } = request;
    const forward = ask({ port: server.port, host: "127.0.0.1", method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    request.pipe(forward);
  }).listen(0, "127.0.0.1");
  await once(front, "listening");
  onTestFinished(() => {
    front.close();
    front.closeAllConnections();
  });
  const endpoint = `https://localhost:${listeningPort(front)}`;
  const { store } = await openStore(configure(server, { endpoint, caFile: keyFile(authority.certPem) }));
  await store.put(id, "npy", Buffer.from("npy"));
  expect(String(await buffer((await store.open(id, "npy"))!.body))).toBe("npy");
  for (const caFile of [null, keyFile(make("others").certPem)]) {
    const { store: wary } = await openStore(configure(server, { endpoint, caFile }));
    await expect(wary.open(id, "npy")).rejects.toMatchObject({
      code: "STORE",
      message: expect.stringMatching(/certificate/),
    });
  }
});

describe("the configuration of a bucket", () => {
  const s3 = {
    endpoint: "https://s3.example",
    bucket: "evidence",
    accessKeyIdFile: "/etc/aurora/id",
    secretAccessKeyFile: "/etc/aurora/secret",
  };
  const isGood = (changes: object): boolean =>
    keptEvidenceSchema().safeParse({ s3: { ...s3, ...changes } }).success;

  it("is none unless it is given", () => {
    expect(keptEvidenceSchema().parse({}).s3).toBeNull();
    expect(keptEvidenceSchema().parse({ s3 }).s3).toEqual({
      ...s3,
      region: "us-east-1",
      prefix: "",
      pathStyle: true,
      caFile: null,
      timeoutSeconds: 20,
    });
  });

  it.each([
    ["credentials in the address", { endpoint: "https://id:secret@s3.example" }],
    ["a path in the address", { endpoint: "https://s3.example/evidence" }],
    ["another protocol", { endpoint: "ftp://s3.example" }],
    ["a bucket that leads elsewhere", { bucket: "../other" }],
    ["a prefix that leads elsewhere", { prefix: "../" }],
    ["a prefix with dots", { prefix: "a/./" }],
    ["a prefix without its slash", { prefix: "aurora" }],
    ["a key in the file itself", { secretAccessKey: "secret" }],
    ["an authority beside an address without TLS", { caFile: "ca.pem", endpoint: "http://s3.example" }],
    ["a bucket's name before an address of digits", { pathStyle: false, endpoint: "https://10.0.0.1:9000" }],
  ])("refuses %s", (_, changes) => {
    expect(isGood({})).toBe(true);
    expect(isGood(changes)).toBe(false);
  });

  it("takes a bucket's name before a server's", () => {
    const { s3: config } = keptEvidenceSchema().parse({
      s3: { ...s3, endpoint: "https://s3.example:9000", prefix: "a/b/" },
    });
    expect(objectAddress(config!, "ab/c.npy")).toBe("https://s3.example:9000/evidence/a/b/ab/c.npy");
    expect(objectAddress({ ...config!, pathStyle: false }, "ab/c.npy")).toBe(
      "https://evidence.s3.example:9000/a/b/ab/c.npy",
    );
    expect(isGood({ pathStyle: false, endpoint: "https://s3.eu-central-1.amazonaws.com" })).toBe(true);
  });
});
