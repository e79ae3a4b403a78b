import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import {
  findAnswer,
  maxListed,
  requestEvidence,
  waitForEvidence,
} from "../../../src/cli/evidence/ask-evidence.ts";
import { renderEvidenceDelay } from "../../../src/core/contract/evidence-delay.ts";
import { findFreePort } from "../../support/free-port.ts";
import { listeningPort } from "../../support/listening-port.ts";

test("the one turbine of a name is found behind more that hold it in theirs than a collector tells at once", async () => {
  const turbines = Array.from({ length: maxListed }, (_, index) => ({
    site: "north",
    turbine: `wt-1${index}`,
  }));
  const all = [...turbines, { site: "south", turbine: "wt-1" }];
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.method === "POST") {
      request.on("data", (body) => asked.push(JSON.parse(String(body))));
      request.on("end", () =>
        response
          .writeHead(202)
          .end(JSON.stringify({ request: "r-1", gateway: "gw-1", samples: "s", refusal: "r" })),
      );
      return;
    }
    const offset = Number(new URL(request.url!, "http://localhost").searchParams.get("offset") ?? 0);
    const items = all.slice(offset, offset + maxListed);
    response.end(JSON.stringify({ total: all.length, limit: maxListed, offset, items }));
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const collector = `http://127.0.0.1:${listeningPort(server)}`;
  const point = { collector, turbine: "wt-1", component: "generator-bearing", seconds: 10 };
  expect(await requestEvidence(point)).toMatchObject({ gateway: "gw-1" });
  expect(asked).toMatchObject([{ site: "south", turbine: "wt-1" }]);
});

test("a collector that restarts while samples are waited for is asked on, told once, and what came is taken", async () => {
  const digest = "ab".repeat(32);
  const recorded = {
    id: digest,
    kind: "request",
    gateway: "gw-1",
    site: "north",
    turbine: "wt-1",
    component: "generator-bearing",
    fromMs: 0,
    toMs: 1_000,
    storedMs: 2_000,
    samples: 12_000,
    bytes: 9_000,
    npySha256: digest,
    model: { name: "bearing-vibration", version: "1.0.0", digest },
    said: { verdict: "no-alarm", failureModes: [], probability: null },
    alert: null,
    request: "r-1",
  };
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ items: [recorded], total: 1, limit: 1, offset: 0 }));
  });
  onTestFinished(() => void server.close());
  const port = await findFreePort();
  const collector = `http://127.0.0.1:${port}`;
  const silences: string[] = [];
  const wait = { collector, request: "r-1", gateway: "gw-1" };
  const onDelay = (reason: string) => {
    silences.push(reason);
    server.listen(port, "127.0.0.1");
  };
  const take = async ({ id }: { readonly id: string }) => id;
  const ended = waitForEvidence({ ...wait, endMs: performance.now(), onDelay }, take);
  await expect(ended).rejects.toMatchObject({
    message: expect.stringContaining("no collector answers"),
    hint: `It was asked for and may still come: aurora evidence list --request r-1 --collector ${collector}`,
  });
  expect(silences).toEqual([]);
  const endMs = performance.now() + 60_000;
  expect(await waitForEvidence({ ...wait, endMs, onDelay }, take)).toBe(recorded.id);
  expect(silences).toEqual([
    expect.stringMatching(/^no collector answers at http:.*ECONNREFUSED.*; it is asked on$/),
  ]);
});

/** A collector that has no evidence, and these events of gateways, the newest first. */
async function startAnswering(answers: readonly GatewayAnswer[]): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    const items = request.url!.startsWith("/api/v1/events") ? answers : [];
    response.end(JSON.stringify({ items, total: items.length, limit: 10, offset: 0 }));
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${listeningPort(server)}`;
}

interface GatewayAnswer {
  readonly gateway: string;
  readonly name: string;
  readonly detail: string;
}

const delayedUntil = (epochMs: number): string =>
  `the bytes of a day are used up; ${renderEvidenceDelay(epochMs)}`;

test("a delay whose moment has passed is not told: the request is accepted, as before it", async () => {
  const answer = (name: string, text: string): GatewayAnswer => ({
    gateway: "gw-1",
    name: `evidence-request-${name}`,
    detail: `request r-1: ${text}`,
  });
  const accepted = answer("accepted", "10 s are recorded");
  const passed = answer("delayed", `${delayedUntil(Date.now())}. It says.`);
  expect(await findAnswer(await startAnswering([passed, accepted]), "r-1")).toMatchObject({
    kind: "accepted",
    text: "gateway gw-1 has accepted: 10 s are recorded",
  });
  const nextDay = answer("delayed", `${delayedUntil(Date.now() + 86_400_000)}. It says.`);
  expect(await findAnswer(await startAnswering([nextDay, passed, accepted]), "r-1")).toMatchObject({
    kind: "delayed",
    hint: "It says.",
  });
});

test("what a gateway says would help is told to who waits, and where it says nothing of that, what helps in general", async () => {
  const ask = async (reason: string, name = "evidence-request-refused", waitMs = 60_000) => {
    const collector = await startAnswering([{ gateway: "gw-1", name, detail: `request r-1: ${reason}` }]);
    const wait = { collector, request: "r-1", gateway: "gw-1", endMs: performance.now() + waitMs };
    return waitForEvidence({ ...wait, onDelay: (why) => delays.push(why) }, async () => "it came");
  };
  const delays: string[] = [];
  const tooMuch = "20 s of a are 1024000 samples; at most 480000 are kept";
  await expect(ask(`${tooMuch}. Ask for at most 9 seconds.`)).rejects.toMatchObject({
    message: `gateway gw-1 refuses: ${tooMuch}`,
    hint: "Ask for at most 9 seconds.",
  });
  await expect(ask("there is no point WT01 gearbox")).rejects.toMatchObject({
    message: "gateway gw-1 refuses: there is no point WT01 gearbox",
    hint: expect.stringContaining("evidence.allow"),
  });
  expect(delays).toEqual([]);
  const usedUp = delayedUntil(Date.now() + 3_600_000);
  await expect(ask(`${usedUp}. It says.`, "evidence-request-delayed", 0)).rejects.toMatchObject({
    message: `nothing came of request r-1 in time: gateway gw-1 sends later: ${usedUp}`,
    hint: expect.stringMatching(
      /^It may still come: aurora evidence list --request r-1 --collector http:\S+$/,
    ),
  });
  expect(delays).toEqual([`gateway gw-1 sends later: ${usedUp}`]);
});
