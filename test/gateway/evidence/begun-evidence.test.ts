import { expect, test } from "vitest";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { openBegunEvidence } from "../../../src/gateway/evidence/begun-evidence.ts";
import { createFakeState } from "../fakes.ts";

test("who asked is told of a delay once over all runs, also when its samples wait by then, and of the next day's anew", () => {
  const state = createFakeState();
  const told: string[] = [];
  const telemetry = { event: (name: string) => void told.push(name) };
  const open = () => openBegunEvidence({ state, telemetry, logger: silentLogger });
  const request = { kind: "request", id: "r-1", turbine: "WT01", component: "gearbox" } as const;
  const first = open();
  first.note(request);
  first.delay(86_400_000);
  first.note({ ...request, evidence: "ab".repeat(32) });
  first.delay(86_400_000);
  for (let run = 0; run < 3; run++) open().delay(86_400_000);
  expect(told).toEqual(["evidence-request-delayed"]);
  const last = open();
  last.delay(172_800_000);
  expect(told).toHaveLength(2);
  last.endFiles("ab".repeat(32));
  expect(state.keys("evidence-begun/")).toEqual([]);
});
