import { expect, test } from "vitest";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createHostCheck } from "../../../src/core/platform/served-host.ts";

test("who is refused is told which key to write, the log once a minute, and a question whether a name is served not at all", () => {
  const lines: unknown[] = [];
  const logger = { ...silentLogger, warn: (_: string, fields: unknown) => void lines.push(fields) };
  const served = { host: "0.0.0.0", names: ["wind.example"], key: "collector.httpNames" };
  const { refuse, isServed } = createHostCheck(served, logger);
  expect(isServed(["evil.example"])).toBe(false);
  expect(refuse(["wind.example"])).toBeNull();
  expect(lines).toEqual([]);
  const reason = refuse(["evil.example"]);
  expect(reason).toContain("collector.httpNames");
  expect(refuse(["other.example"])).toContain('"other.example"');
  expect(lines).toEqual([{ reason }]);
});
