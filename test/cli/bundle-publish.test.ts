import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { writeBundle } from "../../src/core/bundle/write-bundle.ts";
import { newKey, withTempDir } from "../core/bundle/sample-bundle.ts";
import { findFreePort } from "../support/free-port.ts";
import { refusedContents, refusedWords, shippedDir } from "../support/refused-bundle.ts";
import { auroraHere, type Finished } from "./aurora.ts";

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An hour: whatever waits although waiting does not help, outlasts the test. */
const anHour = ["--wait", "3600"];

test("a wrong address is told at once, and waited for neither where nobody asks nor where waiting does not help", async () => {
  await withTempDir(async (dir) => {
    await auroraHere("keys", "publisher", dir, "ci");
    const key = ["--key", join(dir, "ci.key")];
    const publish = (collector: string, ...more: readonly string[]): Promise<Finished> =>
      auroraHere("bundle", "publish", shippedDir, ...key, "--collector", collector, ...more);
    const expectToSay = async (words: RegExp, ...args: Parameters<typeof publish>): Promise<void> => {
      const { code, stdout, stderr } = await publish(...args);
      expect([code, stdout, stderr]).toEqual([1, "", expect.stringMatching(words)]);
      expect(stderr).not.toContain("waiting");
    };
    await expectToSay(
      /no collector answers.*ECONNREFUSED[\s\S]*hint: Start it with/,
      `http://127.0.0.1:${await findFreePort()}`,
    );
    // Whatever the resolver says of it.
    await expectToSay(/no collector answers at http:\/\/nobody\.invalid/, "http://nobody.invalid");
    const busy = await serve((_, response) => response.writeHead(503).end());
    await expectToSay(/refuses: status 503/, busy);
    const login = await serve((_, response) => response.writeHead(401).end("<p>Who are you?"));
    await expectToSay(/refuses: status 401[\s\S]*hint: .*asks for a login/, login, ...anHour);
    const page = await serve((_, response) =>
      response.setHeader("content-type", "text/html").end("<p>hello"),
    );
    await expectToSay(/an answer that is not JSON/, page, ...anHour);
    const other = await serve((_, response) => response.writeHead(404).end("no such page"));
    await expectToSay(/does not know \/api\/v1\/registry/, other, ...anHour);
    const away = await serve((_, response) => response.writeHead(302, { location: page }).end());
    await expectToSay(/no collector answers/, away, ...anHour);
    await expectToSay(
      /no collector answers[\s\S]*hint: It does not speak TLS/,
      other.replace("http:", "https:"),
      ...anHour,
    );
  });
});

test("a collector that is not there yet is waited for as long as is said", async () => {
  await withTempDir(async (dir) => {
    await auroraHere("keys", "publisher", dir, "ci");
    let asked = 0;
    // It is being started: a proxy's word, then its own.
    const url = await serve((_, response) => {
      asked++;
      if (asked < 3) response.writeHead(502).end();
      else response.writeHead(404).end();
    });
    const args = ["bundle", "publish", shippedDir, "--key", join(dir, "ci.key"), "--collector", url];
    const { code, stderr } = await auroraHere(...args, "--wait", "600");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/status 502; waiting\n[\s\S]*does not know/)]);
    expect(asked).toBe(3);
  });
});

test("a bundle that no gateway can open is refused before a collector hears of it, in the gateway's words", async () => {
  await withTempDir(async (dir) => {
    await auroraHere("keys", "publisher", dir, "ci");
    await writeBundle(join(dir, "own"), await refusedContents({ version: "1.1.0" }), newKey());
    let asked = 0;
    const url = await serve((_, response) => {
      asked++;
      response.writeHead(404).end();
    });
    const args = ["bundle", "publish", join(dir, "own"), "--key", join(dir, "ci.key"), "--collector", url];
    const { code, stderr } = await auroraHere(...args);
    expect([code, stderr, asked]).toEqual([1, expect.stringContaining(refusedWords), 0]);
  });
});

test.each([
  ["BUNDLE_DIGEST", 422, "the order names a@1.0.0, the bundle is a@1.0.1", /hint: Look at the bundle here/],
  ["TOO_MANY", 409, "8192 bundles are published", /hint: Publish again when .* where the repository is full/],
] as const)("a refusal %s has a hint that helps", async (code, status, message, hint) => {
  await withTempDir(async (dir) => {
    await auroraHere("keys", "publisher", dir, "ci");
    const url = await serve(({ method }, response) => {
      const view = { repository: "0".repeat(64), takesBundles: true, bundles: [] };
      const answer = method === "GET" ? view : { error: { code, message } };
      response.writeHead(method === "GET" ? 200 : status, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    });
    const key = join(dir, "ci.key");
    const told = await auroraHere("bundle", "publish", shippedDir, "--key", key, "--collector", url);
    expect([told.code, told.stderr]).toEqual([1, expect.stringMatching(hint)]);
    expect(told.stderr).toContain(message);
  });
});
