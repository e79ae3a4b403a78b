import { expect, test } from "vitest";
import { createRevokedStatuses } from "../../../src/collector/uplink/revoked-statuses.ts";
import { createTopics } from "../../../src/core/contract/topics.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";

/** Enrolled are gw-1 and gw-2; what the broker is told, as gateways and their state. */
function create() {
  const enrolled = new Set(["gw-1", "gw-2"]);
  const revoked = new Set<string>();
  const told: unknown[] = [];
  const warned: string[] = [];
  const broker = { takes: true };
  const logger: Logger = { ...silentLogger, warn: (message) => void warned.push(message) };
  const statuses = createRevokedStatuses({
    sites: { get: (id) => (enrolled.has(id) ? "north-sea" : null), isRevoked: (id) => revoked.has(id) },
    topics: createTopics("aurora/v1"),
    publish: async (topic, payload, how) => {
      if (!broker.takes) throw new Error("the broker refused it (reason 135)");
      told.push([topic, JSON.parse(payload as string), how]);
    },
    logger,
  });
  const note = (gateway: string, online: boolean): void =>
    statuses.note({ gateway, online, time: null, version: null, config: null });
  const revoke = (id: string): void => {
    enrolled.delete(id);
    revoked.add(id);
  };
  return { statuses, note, revoke, told, warned, broker };
}

const offline = [
  "aurora/v1/gateway/gw-1/status",
  { gateway: "gw-1", online: false, time: null, version: null, config: null },
  { qos: 1, retain: true },
];

test("of a gateway that is revoked, and was online, it is said once that it is offline", async () => {
  const { statuses, note, revoke, told } = create();
  note("gw-1", true);
  note("gw-2", true);
  await statuses.tell();
  expect(told).toEqual([]);
  revoke("gw-1");
  await statuses.tell();
  await statuses.tell();
  expect(told).toEqual([offline]);
  // As after a restart: what a broker kept of it.
  note("gw-1", true);
  await statuses.tell();
  expect(told).toEqual([offline, offline]);
});

test("nothing is said of one whose status is offline, or of one that the list does not name", async () => {
  const { statuses, note, revoke, told } = create();
  note("gw-1", true);
  note("gw-1", false);
  note("gw-3", true);
  revoke("gw-1");
  await statuses.tell();
  expect(told).toEqual([]);
});

test("it is said also of one that was online before the list named it, however many others the list does not name", async () => {
  const { statuses, note, revoke, told } = create();
  note("gw-3", true);
  for (let index = 0; index < 100_000; index++) note(`other-${index}`, true);
  // No more than that are noted, but of those that the list names.
  note("gw-4", true);
  note("gw-1", true);
  for (const id of ["gw-1", "gw-3", "gw-4"]) revoke(id);
  await statuses.tell();
  expect(told.map((message) => (message as typeof offline)[0])).toEqual([
    "aurora/v1/gateway/gw-3/status",
    "aurora/v1/gateway/gw-1/status",
  ]);
});

test("a broker that has not read its access lists yet is told of once, and tried until it has", async () => {
  const { statuses, note, revoke, told, warned, broker } = create();
  note("gw-1", true);
  revoke("gw-1");
  broker.takes = false;
  await statuses.tell();
  await statuses.tell();
  expect([told, warned]).toEqual([[], ["a revoked gateway's status still says that it is online"]]);
  broker.takes = true;
  await statuses.tell();
  expect(told).toEqual([offline]);
});
