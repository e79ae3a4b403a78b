import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guessRecordings } from "../../../src/cli/data/guess-recordings.ts";
import { encodeNpy } from "../../../src/core/platform/files/encode-npy.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { describeSamples } from "../../../src/training/dataset/sidecar/sidecar.ts";
import { readOwnSidecar } from "../../../src/training/dataset/sidecar/sidecar-files.ts";
import { meanSpeedOf } from "../../../src/training/dataset/speed/recorded-speed.ts";
import { describeMade, makeEvidence } from "../../collector/evidence/make-evidence.ts";
import { serveOther } from "../../support/serve-other.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";
import { createPlace, wrong } from "./evidence-place.ts";

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

  it("says what the collector's list says otherwise than the description, which its id vouches for", async () => {
    const { store, evidence, folder, fleet } = await createPlace();
    const made = await makeEvidence();
    await store(made);
    const { record } = fleet.collector;
    const known = (await record.findEvidence(made.id))!;
    await record.forgetEvidence([made.id]);
    await record.putEvidence({ ...known, said: { ...known.said, verdict: "healthy" } });
    const got = await evidence("get", made.id, "--out", join(folder, "got.npy"));
    expect(got.stdout).toContain("the collector's list says otherwise of it (said)");
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
    await wrong(
      evidence("get", "0123abcd"),
      2,
      /there is no evidence 0123abcd\nhint: `aurora evidence list --collector http:\S+` shows/,
    );
    await wrong(
      evidence("get", "0".repeat(64)),
      2,
      /has no evidence 0000[\s\S]*`aurora evidence list --collector http:\S+` shows/,
    );
    await wrong(evidence("get", "0".repeat(64), "--out", "x.csv"), 2, /does not end in \.npy/);
    await wrong(evidence("list", "--site", "../x"), 2, /does not understand the question: site/);
    await wrong(
      auroraHere("evidence", "list", "--collector", "http://127.0.0.1:2"),
      1,
      /no collector answers/,
    );
    expect(readdirSync(folder).filter((name) => name.endsWith(".npy"))).toEqual([]);
  });

  it("writes nothing of a file that is not as its digests say, or has no end", async () => {
    const folder = createTemporaryFolder();
    const made = await makeEvidence();
    const out = join(folder, "got.npy");
    const bytes = encodeNpy([made.counts]);
    bytes[200]! ^= 1;
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

describe("evidence whose files are gone from the collector's folder", () => {
  it("is called missing with its cure, stays listed, and is there again when its files are", async () => {
    const { store, evidence, folder, fleet } = await createPlace();
    const made = await makeEvidence();
    await store(made);
    const kept = join(folder, "state", "evidence");
    const out = join(folder, "got.npy");
    renameSync(kept, `${kept}.away`);
    const words = new RegExp(
      `${made.id} is missing at the collector: its \\.json .*mounted\\? .*from a backup\\nhint: .*backup`,
    );
    await wrong(evidence("get", made.id, "--out", out), 1, words);
    expect(existsSync(out)).toBe(false);
    expect((await evidence("list")).stdout).toContain(made.id.slice(0, 12));
    expect(await fleet.getJson(`/api/v1/evidence/${made.id}.npy`)).toMatchObject({
      status: 410,
      body: { error: { code: "EVIDENCE_MISSING" } },
    });
    renameSync(`${kept}.away`, kept);
    expect(await evidence("get", made.id, "--out", out)).toMatchObject({ code: 0 });
  });
});

describe("evidence that was damaged at the collector", () => {
  it("is called so with its cure, goes out in no part, and is told by an event for each file", async () => {
    const { store, evidence, folder, fleet } = await createPlace();
    const made = await makeEvidence({}, 200_000);
    await store(made);
    const { record } = fleet.collector;
    const path = join(folder, "state", "evidence", made.id.slice(0, 2), made.id);
    const out = join(folder, "got.npy");
    for (const kind of ["npy", "json"]) {
      const bytes = readFileSync(`${path}.${kind}`);
      writeFileSync(`${path}.${kind}`, Buffer.concat([bytes, Buffer.of(0)]));
      const words = new RegExp(`${made.id} is damaged at the collector: its \\.${kind} .*\\nhint: .*backup`);
      await wrong(evidence("get", made.id, "--out", out), 1, words);
      writeFileSync(`${path}.${kind}`, bytes);
    }
    expect(existsSync(out)).toBe(false);
    const events = await record.events({ name: "evidence-damaged", limit: 9, offset: 0 });
    const told = {
      subject: "north-sea/wt-1/generator-bearing",
      detail: expect.stringContaining(made.id),
    };
    // One of each file.
    expect(events.items).toMatchObject([told, told]);
    expect(await evidence("get", made.id, "--out", out)).toMatchObject({ code: 0 });
  });
});
