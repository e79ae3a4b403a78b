/** What is made of a server that watches few nodes; sessions with real servers are in test/long/opcua.test.ts. */
import { expect, test } from "vitest";
import { ok } from "../../../src/core/contract/result.ts";
import type {
  OpcUaDataValue,
  OpcUaItem,
  OpcUaLibrary,
  OpcUaSession,
} from "../../../src/gateway/sources/opcua-library.ts";
import { createNodeSubscription } from "../../../src/gateway/sources/opcua-subscription.ts";

const double = (value: number): OpcUaDataValue => ({ value: { value, dataType: 11 } });

/** A server that watches so many nodes, of five, and answers reads as long as it is up. */
async function open(room: number) {
  let isUp = true;
  let reads = 0;
  const session: OpcUaSession = {
    on: () => {},
    read: async (nodes) => {
      if (nodes[0]?.nodeId === "i=2255")
        return [{ value: { value: ["urn:a"], dataType: 12 } }, { value: { value: 2, dataType: 7 } }];
      reads++;
      if (!isUp) throw new Error("BadTimeout");
      return nodes.map(({ nodeId }) => double(Number(nodeId.slice(4)) + 100 * reads));
    },
    createSubscription2: async () => ({
      on: () => {},
      publishingInterval: 1_000,
      maxKeepAliveCount: 3,
      monitorItems: async (items) => ({
        monitoredItems: items.map((_item, index): OpcUaItem => {
          const statusCode =
            index < room ? undefined : { value: 0x80db0000, name: "BadTooManyMonitoredItems" };
          const monitoringParameters = { samplingInterval: index === 0 ? 20_000 : 0 };
          return {
            on: () => {},
            terminate: async () => {},
            monitoringParameters,
            ...(statusCode && { statusCode }),
          };
        }),
      }),
      monitor: async () => {
        throw new Error("not asked for");
      },
    }),
  };
  const values: (readonly [number, unknown])[] = [];
  const refused: (readonly [number, string])[] = [];
  const watched: (readonly [number, number])[] = [];
  const subscription = await createNodeSubscription({
    library: { TimestampsToReturn: { Neither: 3 } } as OpcUaLibrary,
    session,
    everyMs: 10_000,
    findNodes: () => [0, 1, 2, 3, 4].map((index) => ok(`i=1;${index}`)),
    sink: {
      onValue: () => {
        throw new Error("nothing is told by itself");
      },
      onWatched: (index, everyMs) => watched.push([index, everyMs]),
      onPolled: (index, { value }) => values.push([index, value]),
      onRefused: (index, detail) => refused.push([index, detail]),
      onSign: () => {},
      onLost: () => {},
    },
  });
  await subscription.watch([0, 1, 2, 3, 4]);
  const fall = (): void => {
    isUp = false;
  };
  return { subscription, values, refused, watched, fall, reads: () => reads };
}

test("nodes that a server has no room to watch are read at once, as many in one call as it takes, and at every poll", async () => {
  const { subscription, values, refused } = await open(2);
  expect([values, refused]).toEqual([
    [
      [2, 102],
      [3, 103],
      [4, 204],
    ],
    [],
  ]);
  await subscription.poll();
  expect(values.slice(3)).toEqual([
    [2, 302],
    [3, 303],
    [4, 404],
  ]);
});

test("what cannot be read any more is said to be so, and a server that watches all is asked for nothing", async () => {
  const { subscription, refused, fall } = await open(4);
  fall();
  await subscription.poll();
  expect(refused).toEqual([[4, "it cannot be read: Error: BadTimeout"]]);
  const whole = await open(5);
  await whole.subscription.poll();
  expect(whole.reads()).toBe(0);
});

test("a node is told no more often than the server looks at it, nor than it publishes", async () => {
  const { watched } = await open(2);
  expect(watched).toEqual([
    [0, 20_000],
    [1, 1_000],
  ]);
});
