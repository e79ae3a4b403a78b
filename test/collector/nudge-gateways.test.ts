import { expect, it } from "vitest";
import { nudgeGateways } from "../../src/collector/compose-registry.ts";
import type { RecordedGateway } from "../../src/collector/record/machine-record.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { readNudge } from "../../src/core/contract/update-nudge.ts";
import { createLogger } from "../../src/core/platform/logger.ts";

/** Tells so many gateways over a connection that takes 1,000 under way, as a client's does, and loses those that `isLost` names. */
async function tell(count: number, isLost: (topic: string) => boolean = () => false) {
  const gateways = Array.from({ length: count }, (_, index) => ({
    gateway: `gw-${index}`,
    online: index > 0 ? true : null,
  })) as unknown as readonly RecordedGateway[];
  let underWay = 0;
  const told = new Map<string, string>();
  const lines: string[] = [];
  const publish = async (topic: string, payload: Uint8Array | string): Promise<void> => {
    if (underWay >= 1_000) throw new Error("too many are under way already");
    underWay += 1;
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    if (isLost(topic)) throw new Error("connection lost");
    told.set(topic, String(payload));
  };
  const logger = createLogger({ level: "warn", format: "json", write: (line) => lines.push(line) });
  const topics = createTopics("aurora/v1");
  const away = { gateway: "gw-away", online: false } as RecordedGateway;
  await nudgeGateways({ client: { publish }, topics, logger }, { gateways: async () => [...gateways, away] });
  return { told, lines };
}

it("tells every gateway of a large fleet, over a time in which a collector can serve them", async () => {
  const { told, lines } = await tell(2_000);
  expect(told.size).toBe(2_000);
  expect(lines).toEqual([]);
  expect(readNudge(JSON.parse(told.get("aurora/v1/gateway/gw-1/desired")!))).toEqual({ spreadMs: 60_000 });
});

it("says once how many could not be told", async () => {
  const { told, lines } = await tell(500, (topic) => /gw-4\d\d\//.test(topic));
  expect(told.size).toBe(400);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ untold: 100, of: 500 }]);
});

it("lets a few gateways look at once, and hears an order of before, or of any form", async () => {
  const { told } = await tell(3);
  expect([...new Set(told.values())]).toEqual(['{"spreadMs":1000}']);
  for (const said of [{}, undefined, { spreadMs: -1 }, { spreadMs: 1e9 }, [], "soon"])
    expect(readNudge(said)).toEqual({ spreadMs: 1_000 });
});
