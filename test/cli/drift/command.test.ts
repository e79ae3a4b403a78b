import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createScratchFolder } from "../../../scripts/scratch-folder.ts";
import { openSqliteRecord } from "../../../src/collector/record/sqlite/sqlite-record.ts";
import { collectorConfigSchema } from "../../../src/core/contract/config/collector-config.ts";
import type { DriftVerdict } from "../../../src/core/contract/drift-verdict.ts";
import { systemClock } from "../../../src/core/platform/clock.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { storeVerdicts } from "../../collector/store-verdicts.ts";
import { driftVerdict, quietVerdict, verdictDayMs } from "../../core/contract/drift-verdicts.ts";
import { serveOther } from "../../support/serve-other.ts";
import { startCollector } from "../../support/whole-collector.ts";
import { auroraHere } from "../aurora.ts";

const today = Math.floor(Date.now() / verdictDayMs) * verdictDayMs;
const ago = (days: number) => {
  const fromMs = today - days * verdictDayMs;
  return { fromMs, toMs: fromMs + verdictDayMs };
};
const nameOf = (days: number): string => new Date(ago(days).fromMs).toISOString().slice(0, 10);

/** Two days of a fleet that is larger than a part of an answer, and a turbine of the same name at another site. */
const verdicts: readonly DriftVerdict[] = [
  quietVerdict("stable", null, ago(2)),
  driftVerdict(ago(1)),
  quietVerdict("learning", "day 4 of 14", { turbine: "WT08", ...ago(1) }),
  ...["north-sea", "ridge"].map((site) => quietVerdict("stable", null, { site, turbine: "WT09", ...ago(1) })),
  ...Array.from({ length: 230 }, (_, index) =>
    quietVerdict("stable", null, { site: "wide", turbine: `X${index}`, component: "gearbox", ...ago(1) }),
  ),
];

async function startWith(stored: readonly DriftVerdict[]) {
  const scratch = createScratchFolder("drift-command");
  const config = collectorConfigSchema().parse({
    collector: { stateDir: join(scratch.path, "state"), httpPort: 0 },
    mqtt: { embedded: { port: 0 } },
  });
  mkdirSync(config.collector.stateDir, { recursive: true });
  const path = join(config.collector.stateDir, "collector.sqlite");
  const record = await openSqliteRecord({ path, clock: systemClock, logger: silentLogger });
  await storeVerdicts(record, stored, Date.now());
  await record.close();
  const collector = await startCollector(config, { logger: silentLogger });
  const close = async (): Promise<void> => {
    await collector.close();
    scratch.remove();
  };
  return { url: collector.url, close };
}

describe("aurora drift, of a running collector", () => {
  let url = "";
  let close = async (): Promise<void> => {};
  beforeAll(async () => {
    ({ url, close } = await startWith(verdicts));
  });
  afterAll(() => close());

  const drift = (...args: readonly string[]) => auroraHere("drift", ...args, "--collector", url);

  test("report says what moved on the newest day", async () => {
    const { code, stdout, stderr } = await drift("report");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`${nameOf(1)}: 1 drift, 232 stable, 1 learning\n`);
    expect(stdout).toContain("DRIFT: WT07's drive-end sensor is 6 dB quieter at all loads since Tuesday");
    expect(stdout).toContain("learning: WT08 generator-bearing (north-sea), day 4 of 14");
    expect(stdout).toMatch(/: aurora drift explain \S+ --day \S+ --collector http:\S+\n/);
  });

  test("report reads no verdict that it does not print, and counts those points by their levels", async () => {
    const asked: URL[] = [];
    let read = 0;
    const between = await serveOther(async (request, response) => {
      const answer = await fetch(`${url}${request.url}`);
      const text = await answer.text();
      asked.push(new URL(request.url!, url));
      if (request.url!.includes("/drift/verdicts")) read += JSON.parse(text).verdicts.length;
      response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
    });
    const { stdout } = await auroraHere("drift", "report", "--collector", between);
    expect(stdout).toContain(`${nameOf(1)}: 1 drift, 232 stable, 1 learning\n`);
    expect(stdout.indexOf("WT07 generator-bearing")).toBeGreaterThan(0);
    // One says which day it is.
    expect(read).toBe(3);
    const ofDay = asked.filter(({ pathname }) => pathname.endsWith("/drift/days"));
    expect(ofDay.every(({ searchParams }) => searchParams.get("from") === nameOf(1))).toBe(true);
  });

  test("report says how well models decide, and why nothing is estimated where nothing is", async () => {
    const { stdout } = await drift("report", "--site", "north-sea");
    expect(stdout).toContain("How well the models decide\n  confirmed  no outcome yet\n");
    expect(stdout).toMatch(
      / {2}silent {5}WT07 generator-bearing \(north-sea\); .*: the bundle of this model is not known here\n/,
    );
  });

  test("report --json is what the API answers, in one", async () => {
    const { stdout } = await drift("report", "--site", "north-sea", "--json");
    const answer = await fetch(`${url}/api/v1/drift/verdicts?site=north-sea`);
    const estimates = await fetch(`${url}/api/v1/drift/performance?site=north-sea&day=${nameOf(1)}`);
    expect(JSON.parse(stdout)).toEqual({
      ...((await answer.json()) as object),
      performance: await estimates.json(),
    });
    const all = JSON.parse((await drift("report", "--json")).stdout) as {
      verdicts: DriftVerdict[];
      next: null;
    };
    expect(all.next).toBeNull();
    expect(all.verdicts).toHaveLength(234);
    expect(new Set(all.verdicts.map(({ site, turbine }) => `${site}/${turbine}`)).size).toBe(234);
  });

  test("report --days shows the fleet, every site and the turbines that need attention first, day by day", async () => {
    const { code, stdout, stderr } = await drift("report", "--days", "14");
    expect([code, stderr]).toEqual([0, ""]);
    const table = stdout.slice(stdout.indexOf("Day by day"));
    expect(table).toMatch(/^Day by day\n {2,}\d\d-\d\d \d\d-\d\d\n {2}all points +· +1◆\n/);
    expect(table).toMatch(/\n {2}site north-sea +· +1◆\n {2}site ridge +·\n {2}site wide +·\n/);
    expect(table).toMatch(/\n {2}WT07 \(north-sea\) +· +◆\n/);
    expect(table).toContain(
      "  and 214 more turbines\n  ◆ drift, · stable, ◐ learning; a number counts points\n",
    );
    expect(table).not.toContain("Columns that moved");
    const one = await drift("report", "--days", "1", "--site", "ridge");
    expect(one.stdout).toMatch(/\n {2}all points +·\n {2}WT09 +·\n/);
  });

  test("report --days of a turbine shows its columns, too; --json has them as the API answers", async () => {
    const { stdout } = await drift("report", "--days", "2", "--turbine", "WT07");
    expect(stdout).toMatch(/\nColumns that moved, .*\n {2,}.*\n {2}generator-bearing: impacts +−\d+\n/);
    const { history } = JSON.parse(
      (await drift("report", "--days", "1", "--turbine", "WT07", "--json")).stdout,
    );
    expect(history).toMatchObject({ days: [nameOf(1)], points: [{ turbine: "WT07", levels: ["drift"] }] });
    expect(history.verdicts).toMatchObject([[{ turbine: "WT07", level: "drift" }]]);
    const { code, stderr } = await drift("report", "--days", "31");
    expect(code).toBe(2);
    expect(stderr).toContain("It must be a number from 1 to 30.");
  });

  test("diff says what became of the points between two days", async () => {
    const { code, stdout } = await drift("diff", nameOf(2), nameOf(1), "--turbine", "WT07");
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 point changed, 0 points are as before\.\n\nWT07 .*: stable became drift\n/);
    expect(stdout).toContain("  new      impacts: 6.1 dB quieter");
    const json = JSON.parse((await drift("diff", nameOf(2), nameOf(1), "--json")).stdout);
    expect(json).toMatchObject({ from: nameOf(2), to: nameOf(1) });
    expect(json.changes[0]).toMatchObject({
      turbine: "WT07",
      before: { level: "stable" },
      after: { level: "drift" },
    });
  });

  test("explain has the evidence of one point, and its day of learning where there is none yet", async () => {
    const { code, stdout } = await drift("explain", "WT07/generator-bearing");
    expect(code).toBe(0);
    expect(stdout).toMatch(/drift\n[\s\S]*against {2}the scatter[\s\S]*362 to 512 kW[\s\S]*PSI 3\.40/);
    const json = JSON.parse((await drift("explain", "WT07/generator-bearing", "--json")).stdout);
    expect(json).toEqual({ day: nameOf(1), verdicts: [driftVerdict(ago(1))], next: null });
    const learning = await drift("explain", "north-sea/WT08/generator-bearing");
    expect([learning.code, learning.stdout]).toEqual([0, expect.stringContaining("why      day 4 of 14")]);
  });

  test.for([
    [["report", "--day", "2999-01-01"], /lies in the future\nhint: A day is assessed when it is over/],
    [["report", "--day", "2020-01-01"], /no verdict of 2020-01-01\nhint: There are 2 days from/],
    [["report", "--turbine", "WT99"], /no verdict of WT99\nhint: There are WT07, WT08, WT09, X0/],
    [
      ["report", "--site", "nowhere"],
      /no verdict of nowhere\nhint: `aurora drift report --collector http:\S+` lists/,
    ],
    [["explain", "WT07/gearbox"], /no verdict of WT07\/gearbox\nhint: It has generator-bearing\./],
    [
      ["explain", "WT08/generator-bearing", "--day", nameOf(2)],
      /no verdict of WT08\/generator-bearing of .*\nhint: There is only \d{4}-\d\d-\d\d\.\n/,
    ],
    [
      ["explain", "WT09/generator-bearing"],
      /is at 2 sites: north-sea, ridge\nhint: .*north-sea\/WT09\/generator-bearing/,
    ],
    [["explain", "WT07"], /not the name of a point\nhint: Name it TURBINE\/COMPONENT/],
    [["diff", nameOf(9), nameOf(1)], /no verdict of \d/],
    [
      ["diff", nameOf(1), nameOf(2)],
      /is later than .*\nhint: Give the earlier day first: aurora drift diff \S+ \S+ --collector http:/,
    ],
    [["report", "--day", "yesterday"], /must be a day, YYYY-MM-DD/],
    [["report", "--day", "2026-02-30"], /must be a day, YYYY-MM-DD/],
    [["report", "--site", "a b"], /does not understand the question: site/],
  ] as const)("what is not there is wrong usage, with what is: %j", async ([args, words]) => {
    const { code, stdout, stderr } = await drift(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toMatch(words);
  });
});

test("a collector that has assessed nothing yet says so, and that is no error", async () => {
  const { url, close } = await startWith([]);
  onTestFinished(close);
  const { code, stdout } = await auroraHere("drift", "report", "--collector", url);
  expect([code, stdout]).toEqual([0, expect.stringContaining("No day has been assessed yet")]);
  const json = JSON.parse((await auroraHere("drift", "report", "--collector", `${url}/`, "--json")).stdout);
  expect(json).toMatchObject({ verdicts: [], next: null, performance: null });
  const point = await auroraHere("drift", "explain", "WT07/gearbox", "--collector", url);
  expect([point.code, point.stderr]).toEqual([1, expect.stringContaining("has no verdict of drift yet")]);
});

describe("an address where no collector is", () => {
  const report = (url: string) => auroraHere("drift", "report", "--collector", url);

  test("that nothing listens on, is an error with what to do", async () => {
    const { code, stdout, stderr } = await report("http://127.0.0.1:2");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^error: no collector answers at http:\/\/127\.0\.0\.1:2: .+\nhint: Start it with/,
    );
  });

  test("that answers something else, is told", async () => {
    const page = await serveOther((_, response) =>
      response.setHeader("content-type", "text/html").end("<p>hello"),
    );
    expect((await report(page)).stderr).toMatch(/no collector answers at .*: an answer that is not JSON/);
    const other = await serveOther((_, response) =>
      response.setHeader("content-type", "application/json").end('{"verdicts":7}'),
    );
    expect((await report(other)).stderr).toMatch(/is not that of a collector of this version\nhint: Update/);
    const none = await serveOther((_, response) => response.writeHead(404).end());
    expect((await report(none)).stderr).toMatch(/does not know \/api\/v1\/drift\/verdicts/);
    const broken = await serveOther((_, response) =>
      response.writeHead(503, { "content-type": "application/json" }).end('{"error":{"message":"soon"}}'),
    );
    expect(await report(broken)).toMatchObject({ code: 1, stderr: expect.stringContaining("refuses: soon") });
    const away = await serveOther((_, response) => response.writeHead(302, { location: page }).end());
    expect((await report(away)).code).toBe(1);
  });

  test("that would never end, is left", async () => {
    const endless = await serveOther((_, response) => {
      response.setHeader("content-type", "application/json");
      const chunk = Buffer.alloc(1_048_576, " ");
      const push = (): void => {
        while (response.write(chunk));
        response.once("drain", push);
      };
      push();
    });
    expect((await report(endless)).stderr).toMatch(/an answer of more than 67108864 bytes/);
  });

  test.for([
    ["collector", /is not an address/],
    ["ftp://127.0.0.1/", /is not an http or https address/],
    ["http://me:secret@127.0.0.1/", /holds a user name or a password/],
  ] as const)("that is none, is wrong usage: %s", async ([url, words]) => {
    const { code, stderr } = await report(url);
    expect(code).toBe(2);
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain("secret");
  });
});
