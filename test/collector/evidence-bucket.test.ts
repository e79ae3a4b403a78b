import { expect, it, onTestFinished } from "vitest";
import { sha256Hex } from "../../src/core/platform/files/sha256.ts";
import { startS3Server } from "../support/s3-server.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { makeEvidence } from "./evidence/make-evidence.ts";
import { connectGateway, startTestFleet } from "./fleet-fixture.ts";
import { alertEvent, alertRecord, predictionBatch } from "./fleet-records.ts";

it("takes everything else while the bucket is away, says so, and stores and serves evidence when it is back", async () => {
  const server = await startS3Server();
  onTestFinished(() => server.close());
  await server.kill();
  const s3 = server.settings;
  const fleet = await startTestFleet(createTemporaryFolder(), {}, { evidence: { s3 } });
  onTestFinished(() => fleet.collector.close());
  const { url, record } = fleet.collector;
  const gateway = await connectGateway(fleet);
  onTestFinished(() => gateway.close());
  const read = async (path: string): Promise<string> => {
    const response = await fetch(url + path);
    return `${response.status} ${await response.text()}`;
  };
  const figure = async (name: string): Promise<number> =>
    Number(new RegExp(`^aurora_${name}(?:\\{.*\\})? (\\d+)$`, "m").exec(await read("/metrics"))?.[1]);

  // Known before any evidence came.
  const isKnown = async (): Promise<boolean> => (await read("/-/ready")).includes("ECONNREFUSED");
  await until(isKnown, "the fault is known");
  // Each half asks the bucket for itself.
  await until(async () => (await figure("evidence_bucket_up")) === 0, "the fault is counted");
  expect(await read("/-/ready")).toMatch(/^200 ready, but raw evidence waits at its gateways: /);

  // All of it is acknowledged as received, none as stored; other lanes go on, beside it and after.
  const evidence = await makeEvidence();
  await gateway.send(...evidence.pieces(60_000));
  await until(async () => (await figure("evidence_upload_failures_total")) > 0, "an attempt failed");
  await gateway.send(alertRecord(alertEvent("wt-1", "raised", Date.now())));
  await gateway.send(predictionBatch("wt-1", Date.now(), { rows: 2, stepMs: 1_000 }));
  expect((await record.alarms({ limit: 1, offset: 0 })).total).toBe(1);
  expect(await figure("evidence_waiting")).toBe(1);
  expect(await read("/api/v1/evidence")).toContain('"total":0');
  expect(await read(`/api/v1/evidence/${evidence.id}.npy`)).toMatch(/^404 /);

  await server.start();
  await until(async () => (await record.findEvidence(evidence.id)) !== null, "it is stored", 60_000);
  await until(async () => (await figure("evidence_waiting")) === 0, "nothing waits");
  expect(await figure("evidence_bucket_up")).toBe(1);
  const npy = Buffer.from(await (await fetch(`${url}/api/v1/evidence/${evidence.id}.npy`)).arrayBuffer());
  expect(sha256Hex(npy)).toBe(JSON.parse(evidence.about).evidence.npySha256);
  expect(await read(`/api/v1/evidence/${evidence.id}.json`)).toBe(`200 ${evidence.about}`);
  expect(await read("/-/ready")).toBe("200 ready\n");

  await server.kill();
  expect(await read(`/api/v1/evidence/${evidence.id}.npy`)).toMatch(/^503 .*"STORE"/);
  expect(await read("/-/ready")).toMatch(
    /^200 ready, but raw evidence (waits at its gateways|cannot be read): /,
  );
  expect(await read("/")).toMatch(/^200 /);
});
