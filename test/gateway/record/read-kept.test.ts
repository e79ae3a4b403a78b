import { expect, test } from "vitest";
import { z } from "zod";
import { createLogger } from "../../../src/core/platform/logger.ts";
import { readKept } from "../../../src/gateway/record/read-kept.ts";

test.for([
  ['{"alarms":{"count":"x"}}', "alarms.count: "],
  ['{"alarms":{"count":1},"later":1}', "later"],
  ["{", "it is no JSON"],
] as const)("what cannot be read is named in one line, with what is wrong: %s", ([text, wrong]) => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ format: "json", write: (line) => lines.push(JSON.parse(line)) });
  const lost: string[] = [];
  const schema = z.strictObject({ alarms: z.strictObject({ count: z.int() }) });
  const key = "baseline/WT01/bearing";
  const state = { get: () => text };
  expect(readKept(state, { key, schema, logger, onLost: () => lost.push(key) })).toBeUndefined();
  expect(lost).toEqual([key]);
  expect(lines).toEqual([
    expect.objectContaining({ level: "error", kept: key, detail: expect.stringContaining(wrong) }),
  ]);
  expect(lines[0]!.detail).not.toContain("\n");
});
