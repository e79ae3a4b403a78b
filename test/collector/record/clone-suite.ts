/** Two gateways that go on from copies of one card, before an engine of the record: nothing of either is lost. And two that watch one turbine. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { clockEventName } from "../../../src/collector/record/clock-rules.ts";
import { twoForMs } from "../../../src/collector/record/clone-rules.ts";
import type { FleetRecord } from "../../../src/collector/record/fleet-record.ts";
import { ok } from "../../../src/core/contract/result.ts";
import { lanes } from "../../../src/core/contract/topics.ts";
import { dayMs } from "../../../src/core/maths/durations.ts";
import { assembleEnvelope, decodeUplinkEnvelope } from "../../../src/core/wire/envelope-codec.ts";
import { type OutboxRig, openOutbox } from "../../gateway/record/outbox-rig.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { turbineState } from "../fleet-records.ts";

const t = 1_700_000_000_000;

/** Tests over an engine that is opened anew for each. */
export function describeClones(open: () => Promise<FleetRecord>): void {
  it("keeps what both of two gateways say that go on from copies of one card", async () => {
    const record = await open();
    const folder = createTemporaryFolder();
    const paths = ["card.db", "copy.db"].map((name) => join(folder, name)) as [string, string];
    const say = ({ outbox }: OutboxRig, name: string): void => {
      outbox.append({ kind: "event", timeMs: t, name, subject: "s", detail: "d" });
      outbox.flush();
    };
    /** Sends what one holds; whoever listens hears what is acknowledged. */
    const send = async ({ outbox }: OutboxRig, listeners: readonly OutboxRig[]): Promise<void> => {
      for (const lane of lanes)
        for (let sent = 0; sent < 10; sent++) {
          const batch = outbox.peek(lane);
          if (batch === null) break;
          const bytes = assembleEnvelope({ gateway: "gw-1", lane, ...batch }, batch.records);
          const read = decodeUplinkEnvelope(bytes);
          if (!read.ok) throw new Error(read.error.message);
          const records = read.value.records.map((each) => ok(each as Parameters<typeof ok>[0]) as never);
          const envelope = { ...read.value, topic: "t", payload: bytes, records };
          const [stored] = await record.storeEnvelopes({ nowMs: t, envelopes: [envelope], setAside: [] });
          for (const { outbox: each } of listeners) each.acknowledge(batch.bootId, lane, stored!.watermark);
        }
    };

    const card = openOutbox(paths[0]);
    say(card, "before");
    await send(card, [card]);
    say(card, "waits");
    card.outbox.close();
    card.file.close();
    copyFileSync(paths[0], paths[1]);

    const both = paths.map((path) => openOutbox(path));
    for (let round = 1; round <= 3; round++)
      for (const [index, gateway] of both.entries()) {
        for (let number = 0; number <= index; number++) say(gateway, `${index} says ${round}.${number}`);
        await send(gateway, both);
      }
    const { items } = await record.events({ limit: 99, offset: 0 });
    const names = items.flatMap(({ name }) => (name === clockEventName ? [] : [name]));
    const said = [1, 2, 3].flatMap((round) => [
      `0 says ${round}.0`,
      `1 says ${round}.0`,
      `1 says ${round}.1`,
    ]);
    expect(names.toSorted()).toEqual([...said, "before", "waits"].toSorted());
    expect(both.map(({ outbox }) => outbox.peek("update"))).toEqual([null, null]);
  });

  it("knows of several gateways that watch one turbine, and tells of it once while it goes on", async () => {
    const record = await open();
    const hear = async (seenMs: number, twins: readonly string[] | null): Promise<readonly unknown[]> => {
      const state = turbineState("wt-1", seenMs, "0".repeat(64));
      const turbines = [{ state, seenMs, twins }];
      expect(await record.storeStates({ nowMs: seenMs, turbines, gateways: [], setAside: [] })).toEqual([]);
      const { total } = await record.events({ limit: 9, offset: 0, name: "turbine.twins" });
      const [known] = await record.turbines();
      return [known?.twinnedMs, known?.twins, total];
    };
    const both = ["gw-1", "gw-2"];
    expect(await hear(t, null)).toEqual([null, [], 0]);
    expect(await hear(t + 1, [])).toEqual([t + 1, [], 0]);
    expect(await hear(t + 2, both)).toEqual([t + 2, both, 1]);
    expect(await hear(t + 3, null)).toEqual([t + 2, both, 1]);
    // A third one speaks, and may not do so again.
    expect(await hear(t + 4, [])).toEqual([t + 4, both, 1]);
    expect(await hear(t + 3 + twoForMs, both)).toEqual([t + 3 + twoForMs, both, 1]);
    // Later one takes another's place: of those of before nothing is said.
    expect(await hear(t + 3 + 2 * twoForMs, [])).toEqual([t + 3 + 2 * twoForMs, [], 1]);
    expect(await hear(t + 4 + 2 * twoForMs, both)).toEqual([t + 4 + 2 * twoForMs, both, 2]);
    // The collector's clock was a day ahead, and is set.
    expect(await hear(t + dayMs, both)).toEqual([t + dayMs, both, 3]);
    expect(await hear(t + 5 + 2 * twoForMs, both)).toEqual([t + 5 + 2 * twoForMs, both, 4]);
    const { items } = await record.events({ limit: 9, offset: 0, name: "turbine.twins" });
    expect(items[0]).toMatchObject({ gateway: "(collector)", subject: "north-sea/wt-1" });
    expect(items[0]?.detail).toContain("two gateways watch wt-1: gw-1, gw-2");
  });
}
