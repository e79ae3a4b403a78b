import { once } from "node:events";
import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { readBodyBounded } from "../../../src/core/platform/files/read-body.ts";
import { limitTime } from "../../../src/core/platform/limit-time.ts";
import { collectGarbage } from "../../support/collect-garbage.ts";
import { listeningPort } from "../../support/listening-port.ts";

/** Asks a server that begins to answer and never ends; what the answer ends with. */
async function readEndless(signal: AbortSignal): Promise<unknown> {
  const server = createServer((_, response) => void response.writeHead(200).write("begun")).listen(
    0,
    "127.0.0.1",
  );
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const response = await fetch(`http://127.0.0.1:${listeningPort(server)}`, { signal });
  const ended = readBodyBounded(response.body!, 100, () => new RangeError("too long")).catch(
    (error: unknown) => error,
  );
  await collectGarbage();
  return ended;
}

it("ends an exchange after its time, whatever is collected meanwhile", async () => {
  const asked = new AbortController();
  expect(await readEndless(limitTime(asked.signal, 300))).toMatchObject({ name: "TimeoutError" });
});

it("ends it before that with whoever asked", async () => {
  const asked = new AbortController();
  setTimeout(() => asked.abort(new Error("given up")), 100);
  expect(await readEndless(limitTime(asked.signal, 60_000))).toMatchObject({ message: "given up" });
});

it("is over where whoever asked is gone already", () => {
  expect(limitTime(AbortSignal.abort(), 60_000).aborted).toBe(true);
});
