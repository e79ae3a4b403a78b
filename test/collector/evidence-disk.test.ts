import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { encodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { fillDisk, mountSmallDisk } from "../support/small-disk.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { makeEvidence } from "./evidence/make-evidence.ts";
import { connectGateway, startTestFleet } from "./fleet-fixture.ts";
import { alertEvent, alertRecord } from "./fleet-records.ts";

it("says that the disk for evidence is full, stores all else, and says when it is not any more", async (context) => {
  const disk = mountSmallDisk(1_024);
  if (disk === null) return context.skip("nobody may mount a small disk here");
  const dir = join(disk, "evidence");
  const fleet = await startTestFleet(createTemporaryFolder(), {}, { evidence: { dir } });
  onTestFinished(() => fleet.collector.close());
  const gateway = await connectGateway(fleet);
  onTestFinished(() => gateway.close());
  const ready = async (): Promise<string> => (await fetch(`${fleet.collector.url}/-/ready`)).text();
  expect(await ready()).toBe("ready\n");

  const empty = fillDisk(disk, 4);
  const evidence = await makeEvidence({}, 60_000);
  const header = {
    gateway: "gw-1",
    bootId: "boot-1",
    lane: "raw",
    firstSequence: 1,
    oldestSequence: 1,
  } as const;
  const records = evidence.pieces(60_000).slice(0, 1);
  const send = (): Promise<void> => gateway.sendRaw("raw", encodeUplinkEnvelope({ ...header, records }));
  await send();
  await until(async () => (await ready()).includes("ENOSPC"), "it is said");
  expect(await ready()).toMatch(/^ready, but raw evidence waits at its gateways: /);
  await gateway.send(alertRecord(alertEvent("wt-1", "raised", Date.now())));
  expect(gateway.acks.filter(({ lane, sequence }) => lane === "raw" && sequence > 0)).toEqual([]);

  empty();
  await send();
  await until(
    () => gateway.acks.some(({ lane, sequence }) => lane === "raw" && sequence === 1),
    "it is kept",
  );
  expect(await ready()).toBe("ready\n");
});
