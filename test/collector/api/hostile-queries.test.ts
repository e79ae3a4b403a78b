import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createScratchFolder } from "../../../scripts/scratch-folder.ts";
import { collectorConfigSchema } from "../../../src/core/contract/config/collector-config.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { type RunningCollector, startCollector } from "../../support/whole-collector.ts";

const scratch = createScratchFolder("hostile-queries");
let collector: RunningCollector;

beforeAll(async () => {
  const stateDir = join(scratch.path, "state");
  const config = collectorConfigSchema().parse({
    collector: { stateDir, httpPort: 0 },
    mqtt: { embedded: { port: 0 } },
  });
  collector = await startCollector(config, { logger: silentLogger, freshMs: 0 });
});

afterAll(async () => {
  await collector.close();
  scratch.remove();
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** As it is written, without a browser's corrections; status 0: the connection was cut. */
function ask(path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(collector.url);
    const cut = (): void => resolve({ status: 0, text: "" });
    request({ hostname, port, path, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text })).on("error", cut);
    })
      .on("error", cut)
      // Also after the answer, while what is left of a long request is still being written.
      .on("socket", (socket) => socket.on("error", cut))
      .end();
  });
}

const texts = [
  "%00",
  "a%00b",
  "'%20OR%201=1%20--",
  "%25_%5C",
  "%3Cscript%3Ealert(1)%3C/script%3E",
  "%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
  "%ED%A0%80",
  "%ff%fe",
  "%",
  "%F0%9F%8F%B4%E2%80%AE%C4%B0",
  "(a+)+$",
  "__proto__",
];
const numbers = ["1e300", "-1", "0", "NaN", "Infinity", "1.5", "9007199254740993", "", "null"];
const searched = ["/", "/api/v1/turbines", "/api/v1/alerts", "/api/v1/gateways", "/api/v1/events"];

it.each([
  ...searched.map((path) => `${path}?q=`),
  "/api/v1/updates?q=",
  "/api/v1/evidence?alert=",
  "/api/v1/predictions?site=s&turbine=t&component=",
  "/api/v1/drift?cursor=",
  "/drift?site=",
  "/drift?day=",
  "/turbine/s/",
])("answers hostile text after %s as what it is, or says what is wrong with it", async (path) => {
  for (const text of texts) {
    const answer = await ask(path + text);
    expect([200, 400, 404], `${path}${text}`).toContain(answer.status);
    expect(answer.text).not.toMatch(/<script>alert|<img src=x/);
  }
});

it.each([
  "/?page=",
  "/?gateways=",
  "/?alerts=",
  "/?sort=",
  "/?range=",
  "/drift?page=",
  "/api/v1/turbines?page=",
  "/api/v1/alerts?limit=",
  "/api/v1/events?offset=",
  "/api/v1/quarantine?page=",
  "/api/v1/drift?limit=",
  "/api/v1/drift/days?from=",
  "/api/v1/predictions?site=s&turbine=t&fromMs=",
  "/api/v1/predictions?site=s&turbine=t&steps=",
])("takes no harm from numbers that are none, or too large, after %s", async (path) => {
  for (const number of numbers) {
    expect([200, 400], `${path}${number}`).toContain((await ask(path + number)).status);
  }
});

it.each([
  "/api/v1/alerts?limit=",
  "/api/v1/events?offset=",
  "/api/v1/evidence?offset=",
  "/api/v1/drift/verdicts?limit=",
  "/api/v1/predictions?site=s&turbine=t&fromMs=",
  "/api/v1/predictions?site=s&turbine=t&spanMs=",
])("takes no blank behind %s for 0", async (path) => {
  const [, name] = /(\w+)=$/.exec(path)!;
  const wanted = /limit|span/.test(path)
    ? "must be at least 1"
    : "must be a number, and nothing stands there";
  for (const blank of ["", "%20"]) {
    const { status, text } = await ask(path + blank);
    expect([status, JSON.parse(text).error.message]).toEqual([400, `${name}: ${wanted}`]);
  }
});

it("refuses a query of ten megabytes, and answers the next", async () => {
  expect([0, 414, 431]).toContain((await ask(`/?q=${"a".repeat(10_000_000)}`)).status);
  expect((await ask("/?q=a")).status).toBe(200);
});
