import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openCollectorEvidence } from "../../src/collector/compose-evidence.ts";
import { openSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { envelopeOf } from "./envelope-of.ts";
import { makeEvidence } from "./evidence/make-evidence.ts";

const yearMs = 365 * 86_400_000;

interface Failure {
  readonly gateway?: string;
  readonly error: Error;
}

/** What a collector does with evidence, in a folder of its own. */
async function createPlace() {
  const folder = createTemporaryFolder();
  let nowMs = Date.now();
  const clock = { nowMs: () => nowMs };
  const failures: Failure[] = [];
  const ends: string[] = [];
  const logger = {
    ...silentLogger,
    error: (_words: string, fields: unknown) => void failures.push(fields as Failure),
    info: (words: string) => void ends.push(words),
  };
  const record = await openSqliteRecord({
    path: join(folder, "collector.sqlite"),
    clock,
    logger: silentLogger,
  });
  onTestFinished(() => record.close());
  const config = collectorConfigSchema().parse({
    collector: { stateDir: folder },
    evidence: { maxBytes: 1_048_576, days: 1 },
  });
  const evidence = await openCollectorEvidence({
    config,
    record,
    topics: createTopics(config.mqtt.base),
    client: { publish: async () => {} },
    sites: { get: () => undefined },
    metrics: null,
    logger,
    clock,
  });
  onTestFinished(() => evidence.close());
  let sequence = 1;
  const take = async (samples: number): Promise<string> => {
    const { id, pieces } = await makeEvidence({}, samples);
    const records = pieces(60_000);
    await evidence.take([envelopeOf(records, { lane: "raw", firstSequence: sequence })]);
    sequence += records.length;
    return id;
  };
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { folder, record, evidence, take, pass, failures, ends };
}

it("keeps old evidence when pieces come in while the clock is far ahead", async () => {
  const { record, evidence, take, pass } = await createPlace();
  const listed = async () => (await record.evidence({ limit: 10, offset: 0 })).items.map(({ id }) => id);

  const before = await take(20_000);
  pass(3 * yearMs);
  // Each is more than the part of all bytes after which it is looked at again.
  const after = [await take(20_001), await take(20_002)];
  expect((await listed()).sort()).toEqual([before, ...after].sort());
  // What is too old goes also where room is being made at that time.
  expect(await Promise.all([evidence.makeRoom(), evidence.keep()])).toEqual([0, 1]);
  expect((await listed()).sort()).toEqual(after.sort());
});

it("tells once why evidence cannot be kept, and of which gateway, however many pieces come, and once that it can be again", async () => {
  const { folder, take, pass, failures, ends } = await createPlace();
  const incoming = join(folder, "evidence", "incoming");
  rmSync(incoming, { recursive: true });
  writeFileSync(incoming, "");
  for (let minute = 0; minute < 5; minute++) {
    await take(1_000 + minute);
    pass(61_000);
  }
  expect(failures).toMatchObject([{ gateway: "gw-1", error: { code: "STORE" } }]);
  rmSync(incoming);
  await take(2_000);
  await take(2_001);
  expect(ends.filter((words) => words.includes("can be kept again"))).toHaveLength(1);
});
