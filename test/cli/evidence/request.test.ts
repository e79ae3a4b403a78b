import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evidenceOrderSchema } from "../../../src/core/contract/evidence.ts";
import { makeEvidence } from "../../collector/evidence/make-evidence.ts";
import { turbineState } from "../../collector/fleet-records.ts";
import { until } from "../../support/until.ts";
import { createPlace, type Place, wrong } from "./evidence-place.ts";

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
