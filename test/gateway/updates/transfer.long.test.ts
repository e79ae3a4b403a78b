import { readdir, readFile, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpGet, readBody } from "../../../src/gateway/updates/http-get.ts";
import { sampleContents } from "../../core/bundle/sample-bundle.ts";
import { listeningPort } from "../../support/listening-port.ts";
import { createUpdateFixture, type Gateway, patientBounds, type UpdateFixture } from "./update-fixture.ts";

let fixture: UpdateFixture;
let gateway: Gateway;
let sizeBytes: number;
beforeEach(async () => {
  fixture = await createUpdateFixture();
  gateway = await fixture.gateway();
  const published = await fixture.publish(sampleContents({ version: "1.1.0" }));
  sizeBytes = published.sizeBytes;
});
afterEach(() => fixture.close());

const tarRequests = (): string[] => fixture.requests.filter((path) => path.startsWith("/targets/"));

async function tarBytes(path: string): Promise<Buffer> {
  return readFile(fixture.registry.findTarget("bearing-sample", path.split("/")[3] ?? "")!.path);
}

/** Lets the next `times` transfers of the tar break off after `bytes`; honours ranges as the registry does. */
function breakOff(times: number, bytes: number): void {
  let left = times;
  fixture.misbehave((path, request, response) => {
    if (!path.startsWith("/targets/") || left === 0) return false;
    left--;
    void tarBytes(path).then((all) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const head = { "content-length": all.length - from };
      if (from > 0) {
        response.writeHead(206, {
          ...head,
          "content-range": `bytes ${from}-${all.length - 1}/${all.length}`,
        });
      } else {
        response.writeHead(200, head);
      }
      response.write(all.subarray(from, from + bytes), () => response.destroy());
    });
    return true;
  });
}

function onTar(answer: (response: ServerResponse, path: string, range: string | undefined) => void): void {
  fixture.misbehave((path, request, response) => {
    if (!path.startsWith("/targets/")) return false;
    answer(response, path, request.headers.range);
    return true;
  });
}

function onTimestamp(answer: (response: ServerResponse) => void): void {
  fixture.misbehave((path, _request, response) => {
    if (path !== "/metadata/timestamp.json") return false;
    answer(response);
    return true;
  });
}

describe("an interrupted download", () => {
  it("goes on where it broke off, within one look", async () => {
    breakOff(2, 3000);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated" });
    const path = tarRequests()[0]!;
    expect(tarRequests()).toEqual([path, `${path} bytes=3000-`, `${path} bytes=6000-`]);
  });

  it("goes on after a restart of the gateway", async () => {
    breakOff(3, 2000);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "unreachable" });
    const [part] = await readdir(join(gateway.stateDir, "download"));
    expect(part).toMatch(/\.part$/);
    fixture.requests.length = 0;
    const restarted = await fixture.gateway({}, gateway.stateDir);
    expect(await restarted.updater.checkNow()).toMatchObject({ kind: "activated" });
    expect(tarRequests()).toEqual([expect.stringMatching(/ bytes=6000-$/)]);
  });

  it("begins anew when what was kept is torn", async () => {
    breakOff(3, 2000);
    await gateway.updater.checkNow();
    const [part] = await readdir(join(gateway.stateDir, "download"));
    await writeFile(join(gateway.stateDir, "download", part!), Buffer.alloc(4096));
    fixture.requests.length = 0;
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated" });
    expect(tarRequests().map((path) => path.split(" ")[1])).toEqual(["bytes=4096-", undefined]);
  });

  it("is whole with a server that knows no ranges", async () => {
    breakOff(1, 2000);
    await gateway.updater.checkNow();
    const other = await fixture.gateway();
    let cut = true;
    onTar((response, path) => {
      void tarBytes(path).then((all) => {
        response.writeHead(200, { "content-length": all.length });
        if (cut) response.write(all.subarray(0, 5000), () => response.destroy());
        else response.end(all);
        cut = false;
      });
    });
    expect(await other.updater.checkNow()).toMatchObject({ kind: "activated" });
  });

  it("does not believe a range that was not asked for", async () => {
    breakOff(3, 2000);
    await gateway.updater.checkNow();
    onTar((response) => {
      response.writeHead(206, { "content-range": `bytes 0-9/${sizeBytes}` }).end("0123456789");
    });
    const outcome = await gateway.updater.checkNow();
    expect(outcome).toMatchObject({
      kind: "unreachable",
      reason: expect.stringMatching(/asked for 6000-/),
    });
  });
});

describe("a source that misbehaves", () => {
  /** Impatient in one thing at most: a machine that is busy for a moment must not try the patience of another kind. */
  const unreachable = async (reason: RegExp, bounds = patientBounds): Promise<void> => {
    const startMs = performance.now();
    const impatient = await fixture.gateway({ bounds });
    const outcome = await impatient.updater.checkNow();
    expect(performance.now() - startMs).toBeLessThan(30_000);
    expect(outcome).toMatchObject({ kind: "unreachable", reason: expect.stringMatching(reason) });
    expect(impatient.story()).toEqual([]);
    fixture.misbehave(null);
    fixture.reachable(true);
    const patient = await fixture.gateway({}, impatient.stateDir);
    expect(await patient.updater.checkNow()).toMatchObject({ kind: "activated" });
  };

  it("is silent", async () => {
    onTimestamp(() => undefined);
    await unreachable(/silent for 400 ms/, {
      ...patientBounds,
      metadata: { stallMs: 400, deadlineMs: 20_000 },
    });
  });

  it("drips", async () => {
    onTimestamp((response) => {
      const drip = setInterval(() => response.write(" "), 50);
      response.once("close", () => clearInterval(drip));
    });
    await unreachable(/not finished after 800 ms/, {
      ...patientBounds,
      metadata: { stallMs: 10_000, deadlineMs: 800 },
    });
  });

  it("never ends", async () => {
    onTimestamp((response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(4096)));
      };
      response.on("drain", pour);
      pour();
    });
    await unreachable(/more than 16384 bytes/);
  });

  it("promises too much", async () => {
    onTimestamp((response) => {
      response.writeHead(200, { "content-length": 1e12 }).flushHeaders();
    });
    await unreachable(/more than 16384 bytes/);
  });

  it("compresses", async () => {
    onTimestamp((response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"));
    await unreachable(/encoded as gzip/);
  });

  it("redirects", async () => {
    onTimestamp((response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end());
    await unreachable(/status 302/);
  });

  it("is broken, or has nothing", async () => {
    onTimestamp((response) => response.writeHead(500).end());
    await unreachable(/status 500/);
  });

  it("does not answer at all", async () => {
    fixture.reachable(false);
    await unreachable(/socket hang up|ECONNRESET/);
  });

  it("stalls within the tar", async () => {
    onTar((response) => {
      response.writeHead(200).write("x".repeat(100));
    });
    await unreachable(/silent for 400 ms/, {
      ...patientBounds,
      target: { stallMs: 400, deadlineMs: 20_000 },
    });
  });

  it("sends more of the tar than was signed", async () => {
    onTar((response) => response.end(Buffer.alloc(sizeBytes + 1)));
    await unreachable(/sends more than|other bytes/);
  });

  it("offers a tar beyond all bounds: not a byte of it is fetched", async () => {
    const small = await fixture.gateway({ bounds: { ...patientBounds, maxTargetBytes: 1000 } });
    fixture.requests.length = 0;
    expect(await small.updater.checkNow()).toMatchObject({ kind: "refused", final: true });
    expect(tarRequests()).toEqual([]);
  });

  it("does not speak HTTP", async () => {
    const server = createServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const lost = await fixture.gateway({ url: `http://127.0.0.1:${listeningPort(server)}/tuf` });
    expect(await lost.updater.checkNow()).toMatchObject({ kind: "unreachable" });
    server.close();
  });

  it("has an address that is none", async () => {
    const lost = await fixture.gateway({ url: "http://[::/tuf" });
    await expect(lost.updater.checkNow()).resolves.toMatchObject({ kind: expect.any(String) });
    expect(lost.activated).toEqual([]);
  });
});

describe("one GET", () => {
  it("can be stopped at once", async () => {
    onTimestamp(() => undefined);
    const stop = new AbortController();
    const get = httpGet(`${fixture.url}/metadata/timestamp.json`, {
      stallMs: 9000,
      deadlineMs: 9000,
      signal: stop.signal,
    });
    stop.abort();
    await expect(get).rejects.toThrow(expect.objectContaining({ code: "UPDATE_SOURCE" }));
  });

  it("reads what there is, up to the bound", async () => {
    const url = `${fixture.url}/metadata/timestamp.json`;
    const expected = await fixture.metadata("timestamp.json");
    const limits = { stallMs: 10_000, deadlineMs: 20_000 };
    expect(Buffer.compare(await readBody(await httpGet(url, limits), expected.length, url), expected)).toBe(
      0,
    );
    await expect(readBody(await httpGet(url, limits), expected.length - 1, url)).rejects.toThrow(
      /sends more than/,
    );
  });
});
