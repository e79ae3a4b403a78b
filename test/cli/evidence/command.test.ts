import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { guessRecordings } from "../../../src/cli/data/guess-recordings.ts";
import { evidenceOrderSchema } from "../../../src/core/contract/evidence.ts";
import { encodeNpy } from "../../../src/core/platform/files/encode-npy.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { describeSamples } from "../../../src/training/dataset/sidecar/sidecar.ts";
import { readOwnSidecar } from "../../../src/training/dataset/sidecar/sidecar-files.ts";
import { meanSpeedOf } from "../../../src/training/dataset/speed/recorded-speed.ts";
import { describeMade, type MadeEvidence, makeEvidence } from "../../collector/evidence/make-evidence.ts";
import {
  connectGateway,
  startTestFleet,
  type TestFleet,
  type TestGateway,
} from "../../collector/fleet-fixture.ts";
import { predictionBatch, turbineState } from "../../collector/fleet-records.ts";
import { serveOther } from "../../support/serve-other.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { auroraHere } from "../aurora.ts";

interface Place {
  readonly fleet: TestFleet;
  readonly url: string;
  readonly gateway: TestGateway;
  readonly folder: string;
  /** Runs `aurora evidence …` against the collector. */
  evidence(...args: readonly string[]): ReturnType<typeof auroraHere>;
  /** Sends it as a gateway does. */
  store(evidence: MadeEvidence): Promise<void>;
}

/** A collector, and a gateway that it has heard of two turbines from. */
async function createPlace(changes: object = {}): Promise<Place> {
  const folder = createTemporaryFolder();
  const fleet = await startTestFleet(folder, {}, { evidence: { requests: true, ...changes } });
  onTestFinished(() => fleet.collector.close());
  const gateway = await connectGateway(fleet);
  onTestFinished(() => gateway.close());
  const { url } = fleet.collector;
  // Which gateway watches a turbine is known with what it sends of it.
  const rows = { rows: 2, stepMs: 1_000 };
  await gateway.send(...["wt-1", "wt-2"].map((turbine) => predictionBatch(turbine, Date.now(), rows)));
  for (const turbine of ["wt-1", "wt-2"])
    await gateway.publish(
      fleet.topics.state("north-sea", turbine),
      turbineState(turbine, Date.now(), fleet.digest),
    );
  const isWatched = async (): Promise<boolean> =>
    (await fleet.collector.record.turbines()).filter((row) => row.gateway === "gw-1").length === 2;
  await until(isWatched, "its turbines are known");
  return {
    fleet,
    url,
    gateway,
    folder,
    evidence: (...args) => auroraHere("evidence", ...args, "--collector", url),
    store: (evidence) => gateway.send(...evidence.pieces(60_000)),
  };
}

const wrong = async (
  finished: ReturnType<typeof auroraHere>,
  code: number,
  stderr: RegExp,
): Promise<void> => {
  const { code: ended, stderr: said, stdout } = await finished;
  expect([ended, stdout]).toEqual([code, expect.stringMatching(/^(|\{"error":\{"code":".*\}\}\n)$/)]);
  expect(said).toMatch(stderr);
  expect(said).toMatch(/^error: .*\nhint: .*\n$/);
};

describe("aurora evidence list and get", () => {
  it("lists what there is by what it is of, and takes one with its digests held", async () => {
    const { store, evidence, folder } = await createPlace();
    expect(await evidence("list")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("no such evidence"),
    });
    const alarm = await makeEvidence();
    const reference = await makeEvidence({
      kind: "reference",
      turbine: "wt-2",
      said: { verdict: "healthy", failureModes: [], probability: null },
    });
    for (const each of [alarm, reference]) await store(each);
    const all = JSON.parse((await evidence("list", "--json")).stdout);
    expect(all.items.map(({ id }: { id: string }) => id).sort()).toEqual([alarm.id, reference.id].sort());
    for (const [flag, value, id] of [
      ["--turbine", "wt-2", reference.id],
      ["--kind", "alarm", alarm.id],
      ["--alert", "alert-1", undefined],
      ["--component", "gearbox", null],
      ["--request", "r-1", null],
    ] as const) {
      const { items } = JSON.parse((await evidence("list", flag, value, "--json")).stdout);
      if (id === null) expect(items).toEqual([]);
      else if (id !== undefined) expect(items.map((item: { id: string }) => item.id)).toEqual([id]);
    }
    const words = await evidence("list", "--limit", "1");
    expect(words.stdout).toMatch(
      /^[0-9a-f]{12} {2}\w+ +2026-06-01T12:00:00Z {2}0\.5 s, 6000 samples {2}wt-\d generator-bearing \(north-sea\): /,
    );
    expect(words.stdout).toContain("1 of 2; --limit shows more");

    const out = join(folder, "got.npy");
    const got = await evidence("get", alarm.id.slice(0, 9), "--out", out);
    expect(got).toMatchObject({ code: 0, stderr: "" });
    expect(got.stdout).toContain("6000 samples (0.50 s at 12000 Hz) of wt-1 generator-bearing (north-sea)");
    expect(got.stdout).toContain("alarm, outer-race 90 %");
    expect(readFileSync(join(folder, "got.json"), "utf8")).toBe(alarm.about);
    expect(sha256Hex(readFileSync(out))).toBe(sha256Hex(encodeNpy([alarm.counts])));
    const { stdout } = await evidence("get", reference.id, "--out", out, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ id: reference.id, out, sidecar: join(folder, "got.json") });
  });

  it("takes a speed that changes into a file that the .json names, as score reads it", async () => {
    const { store, evidence, folder } = await createPlace();
    const speed = { everySamples: 3_000, rpm: [1_400, 1_500, 1_700] };
    const made = await makeEvidence({ speed });
    await store(made);
    const out = join(folder, "got.npy");
    const got = await evidence("get", made.id, "--out", out);
    expect(got).toMatchObject({ code: 0, stderr: "" });
    expect(got.stdout).toContain(`${join(folder, "got.rpm.csv")}: its speed, 1400.0 to 1700.0 rpm,`);
    const { sidecar, channel } = await describeSamples(out, [await readOwnSidecar(out)]);
    expect([sidecar.rateHz, channel]).toEqual([12_000, "accel-de"]);
    const speedAt = (first: number): number => meanSpeedOf(sidecar.speed!, { first, samples: 2 });
    expect(speedAt(0)).toBeCloseTo(1_400, 0);
    expect(speedAt(1_500)).toBeCloseTo(1_450, 0);
    expect(speedAt(4_500)).toBeCloseTo(1_600, 0);
    // All that was said beside it stands.
    expect(JSON.parse(readFileSync(join(folder, "got.json"), "utf8"))).toMatchObject(JSON.parse(made.about));
    expect((await readOwnSidecar(out)).unread).toEqual([]);
    expect(guessRecordings(["got.npy", "got.json", "got.rpm.csv"])).toMatchObject({
      unlabelled: ["got.npy"],
      others: 0,
    });
  });

  it("warns where only the mean of a speed that changes was told", async () => {
    const { store, evidence, folder } = await createPlace();
    const { about, packed, counts } = await makeEvidence();
    const changed = { ...JSON.parse(about), shaftRpmRange: [1_700, 1_900] };
    const made = describeMade(JSON.stringify(changed), packed, counts);
    await store(made);
    const got = await evidence("get", made.id, "--out", join(folder, "got.npy"));
    expect(got.stdout).toContain("its speed goes from 1700.0 to 1900.0 rpm and only the mean was told");
  });

  it("says what is wrong with an id or a name, and with a collector that has nothing of it", async () => {
    const { evidence, folder } = await createPlace();
    await wrong(evidence("get", "../etc"), 2, /is not the id of evidence/);
    await wrong(evidence("get", "0123abcd"), 2, /there is no evidence 0123abcd/);
    await wrong(evidence("get", "0".repeat(64)), 2, /has no evidence 0000/);
    await wrong(evidence("get", "0".repeat(64), "--out", "x.csv"), 2, /does not end in \.npy/);
    await wrong(evidence("list", "--site", "../x"), 2, /does not understand the question: site/);
    await wrong(
      auroraHere("evidence", "list", "--collector", "http://127.0.0.1:2"),
      1,
      /no collector answers/,
    );
    expect(readdirSync(folder).filter((name) => name.endsWith(".npy"))).toEqual([]);
  });

  it("writes nothing of a file that is not as its digests say, or that is cut off", async () => {
    const { store, evidence, folder } = await createPlace();
    const made = await makeEvidence();
    await store(made);
    const out = join(folder, "got.npy");
    const kept = join(folder, "state", "evidence", made.id.slice(0, 2), `${made.id}.npy`);
    const bytes = readFileSync(kept);
    bytes[200]! ^= 1;
    writeFileSync(kept, bytes);
    await wrong(evidence("get", made.id, "--out", out), 1, /see its log|terminated/);
    expect(existsSync(out)).toBe(false);
    // One that gives out whatever it likes.
    const liar = await serveOther((request, response) => {
      response.end(request.url?.endsWith(".json") === true ? made.about : bytes);
    });
    await wrong(
      auroraHere("evidence", "get", made.id, "--out", out, "--collector", liar),
      1,
      /not those of their digest/,
    );
    await wrong(
      auroraHere("evidence", "get", "f".repeat(64), "--out", out, "--collector", liar),
      1,
      /not that of its id/,
    );
    const endless = await serveOther((_, response) => {
      const go = (): boolean => response.write(Buffer.alloc(65_536));
      response.on("drain", go);
      response.on("close", () => response.off("drain", go));
      go();
    });
    await wrong(
      auroraHere("evidence", "get", made.id, "--out", out, "--collector", endless),
      1,
      /more than 4096 bytes/,
    );
    expect(existsSync(out) || existsSync(join(folder, "got.json"))).toBe(false);
  });
});

describe("aurora evidence request", () => {
  /** What the collector asks the gateway for. */
  const hear = async ({ gateway, fleet }: Place): Promise<{ readonly heard: unknown[] }> => {
    const heard: unknown[] = [];
    await gateway.client.subscribe(fleet.topics.evidence("gw-1"), 1, (_, payload) => {
      heard.push(evidenceOrderSchema().parse(JSON.parse(Buffer.from(payload).toString())));
    });
    return { heard };
  };
  const requestIn = (heard: readonly unknown[]): string | undefined =>
    heard.flatMap((order) => {
      const { type, id } = order as { readonly type: string; readonly id: string };
      return type === "request" ? [id] : [];
    })[0];

  it("asks the gateway of a turbine, and takes what comes into a file", async () => {
    const place = await createPlace();
    const { heard } = await hear(place);
    const out = join(place.folder, "asked.npy");
    const asking = place.evidence(
      "request",
      "wt-1/generator-bearing",
      "--seconds",
      "2",
      "--out",
      out,
      "--json",
    );
    await until(() => requestIn(heard) !== undefined, "the gateway is asked");
    expect(heard).toMatchObject([
      { gateway: "gw-1", turbine: "wt-1", component: "generator-bearing", seconds: 2 },
    ]);
    const request = requestIn(heard)!;
    const evidence = await makeEvidence({ kind: "request", request });
    await place.store(evidence);
    const { code, stdout, stderr } = await asking;
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      request,
      gateway: "gw-1",
      seconds: 2,
      evidence: { id: evidence.id },
      out,
    });
    expect(readFileSync(join(place.folder, "asked.json"), "utf8")).toBe(evidence.about);
  });

  it("says how to look for it where it does not wait", async () => {
    const place = await createPlace();
    const { heard } = await hear(place);
    const { code, stdout } = await place.evidence("request", "north-sea/wt-2/generator-bearing");
    await until(() => requestIn(heard) !== undefined, "the gateway is asked");
    expect([code, stdout]).toEqual([
      0,
      `Gateway gw-1 is asked for 10 s; whether it watches a component north-sea/wt-2/generator-bearing is not known here. What comes, or why nothing does: aurora evidence list --request ${requestIn(heard)} --collector ${place.url}\n`,
    ]);
  });

  it("ends with 1 at once for a point that the gateway's last state does not name", async () => {
    const place = await createPlace();
    const { heard } = await hear(place);
    const generator = { component: "generator-bearing", health: "good", reason: "", sinceMs: null } as const;
    const state = turbineState("wt-1", Date.now(), place.fleet.digest, { components: [generator] });
    await place.gateway.publish(place.fleet.topics.state("north-sea", "wt-1"), state);
    const isStored = async (): Promise<boolean> =>
      (await place.fleet.collector.record.turbines()).some((row) => row.state?.components !== undefined);
    await until(isStored, "the state is known");
    await wrong(
      place.evidence("request", "wt-1/gearbox"),
      1,
      /gateway gw-1 watches no gearbox of north-sea\/wt-1; it watches generator-bearing\nhint: .*components/,
    );
    expect(heard).toEqual([]);
    const { stdout } = await place.evidence("request", "wt-1/generator-bearing");
    expect(stdout).toMatch(/^Gateway gw-1 is asked for 10 s\. What comes/);
  });

  it("ends with the gateway's own reason where it refuses, and with the time where nothing comes", async () => {
    const place = await createPlace();
    const { heard } = await hear(place);
    const asking = place.evidence("request", "wt-1/gearbox", "--wait", "--json");
    await until(() => requestIn(heard) !== undefined, "the gateway is asked");
    const request = requestIn(heard)!;
    await place.gateway.send({
      kind: "event",
      timeMs: Date.now(),
      name: "evidence-request-refused",
      subject: "wt-1/gearbox",
      detail: `request ${request}: there is no point wt-1 gearbox`,
    });
    const helps = "which points it has and what may leave .* collector's page .* `aurora device list`";
    const refused = "gateway gw-1 refuses: there is no point wt-1 gearbox";
    await wrong(asking, 1, new RegExp(`^error: ${refused}\nhint: .*${helps}`));
    expect((await place.evidence("list", "--request", request)).stdout).toMatch(
      new RegExp(`^There is no such evidence\\.\n${refused}\n.*${helps}.*\n$`),
    );
    await wrong(
      place.evidence("request", "wt-1/generator-bearing", "--wait", "0", "--json"),
      1,
      /nothing came of request.*\nhint: Asked, not answered yet; .*: aurora evidence list --request /,
    );
  });

  it("tells a request that the gateway has accepted from one that it has not answered", async () => {
    const place = await createPlace();
    const list = async (): Promise<string> => (await place.evidence("list", "--request", "r-1")).stdout;
    expect(await list()).toMatch(/^There is no such evidence\.\nRequest r-1 is not answered yet: /);
    const tell = (name: string, detail: string) =>
      place.gateway.send({
        kind: "event",
        timeMs: Date.now(),
        name,
        subject: "wt-1/gearbox",
        detail: `request r-1: ${detail}`,
      });
    await tell("evidence-request-accepted", "10 s are recorded");
    expect(await list()).toMatch(/\ngateway gw-1 has accepted: 10 s are recorded\. Its samples come/);
    await tell(
      "evidence-request-delayed",
      "the bytes of a day are used up. It says how many (evidence.dailyBytes).",
    );
    expect(await list()).toMatch(
      /\ngateway gw-1 sends later: the bytes of a day are used up\nIt says how many \(evidence\.dailyBytes\)\.\n$/,
    );
    await tell("evidence-request-refused", "the gateway ended while it recorded; ask again");
    expect(await list()).toMatch(
      /\ngateway gw-1 refuses: the gateway ended while it recorded; ask again\n`aurora device list` [^\n]*\n$/,
    );
  });

  it("tells each refusal of the collector with what helps", async () => {
    const place = await createPlace();
    const ask = (point: string) => place.evidence("request", point);
    await wrong(ask("wt-1"), 2, /is not the name of a point/);
    await wrong(ask("wt-9/generator-bearing"), 2, /knows no turbine wt-9/);
    await wrong(ask("south/wt-1/generator-bearing"), 1, /no gateway watches south\/wt-1/);
    for (let asked = 0; asked < 12; asked++) expect((await ask("wt-1/generator-bearing")).code).toBe(0);
    await wrong(ask("wt-1/generator-bearing"), 1, /was asked 12 times within an hour/);
    const closed = await createPlace({ requests: false });
    await wrong(closed.evidence("request", "wt-1/generator-bearing"), 1, /evidence\.requests/);
  });

  it("asks which of two turbines of one name is meant", async () => {
    const place = await createPlace();
    const state = { ...turbineState("wt-1", Date.now(), place.fleet.digest), site: "south" };
    await place.gateway.publish(place.fleet.topics.state("south", "wt-1"), state);
    await until(
      async () => (await place.fleet.collector.record.turbines()).length === 3,
      "the other is known",
    );
    await wrong(
      place.evidence("request", "wt-1/generator-bearing"),
      2,
      /wt-1 is at 2 sites: north-sea, south/,
    );
  });
});
