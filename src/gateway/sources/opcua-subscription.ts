/**
 * The one subscription of a session with an OPC UA server: what the server grants of it, which nodes it watches, and which have to
 * be read, since it has no room to watch them. Never renews itself.
 */
import { type FindNodes, readNamespaces } from "../../core/ingest/opcua-nodes.ts";
import type { OpcUaValue } from "../../core/ingest/opcua-values.ts";
import type {
  OpcUaAttribute,
  OpcUaDataValue,
  OpcUaItem,
  OpcUaLibrary,
  OpcUaSession,
  OpcUaSubscription,
} from "./opcua-library.ts";

/** What is told of a session. */
export interface OpcUaSink {
  /** The node at this place of the list is watched; the server looks at it, or tells what it sees, every so many ms at most. */
  onWatched(index: number, everyMs: number): void;
  /** Of the node at this place, by the subscription; a sign as well. */
  onValue(index: number, value: OpcUaValue): void;
  /** What a node was read as that is not watched: no sign, since a server that answers may have forgotten the subscription. */
  onPolled(index: number, value: OpcUaValue): void;
  /** The server refuses this node, or does not have it. */
  onRefused(index: number, detail: string): void;
  /** The server is still there, though nothing has changed. */
  onSign(): void;
  /** Nothing more will come; told at least once. */
  onLost(detail: string): void;
}

/** A subscription that was granted; watches nothing yet. */
export interface NodeSubscription {
  /** As granted, which need not be as asked for: a server that is there says something as often as this, though nothing has changed, ms. */
  readonly signEveryMs: number;
  /** Begins to watch these nodes. */
  watch(indexes: readonly number[]): Promise<void>;
  /** Asks for nodes that were refused, or have gone since, and watches those that the server has now. */
  retry(indexes: readonly number[]): Promise<void>;
  /** Reads the nodes that the server has no room to watch; of one that cannot be read it is told so, and nothing of it rejects. */
  poll(): Promise<void>;
}

/** The place of a node, and its id at the server. */
interface FoundNode {
  readonly index: number;
  readonly node: OpcUaAttribute;
}

interface SubscriptionParts {
  readonly library: OpcUaLibrary;
  readonly session: OpcUaSession;
  readonly everyMs: number;
  readonly findNodes: FindNodes;
  readonly sink: OpcUaSink;
}

/** However rarely readings are wanted, ms: a connection that nothing is heard of for longer is soon cut by what lies between. */
const longestPublishingMs = 2000;
/** Signs come after so many publishing intervals; the package asks for no fewer. */
const keepAliveCount = 3;
/** A server that hears nothing of us for so many publishing intervals ends the subscription; one session at least. */
const lifetimeCount = 30;

/** Nodes of one call, where a server does not say how many it takes. */
const perCallByDefault = 100;
const mostPerCall = 1000;

const valueAt = (nodeId: string): OpcUaAttribute => ({ nodeId, attributeId: 13 });
/** Of a node that the server could watch if it watched fewer. */
const noRoom = "BadTooManyMonitoredItems";
/** Of every server: its namespaces, and the most nodes that it reads or begins to watch in one call (OPC 10000-6, annex A.3). */
const serverNodes = [valueAt("i=2255"), valueAt("i=11705"), valueAt("i=11714")];

export async function createNodeSubscription(parts: SubscriptionParts): Promise<NodeSubscription> {
  const { library, session, everyMs, findNodes, sink } = parts;
  const subscription: OpcUaSubscription = await session.createSubscription2({
    requestedPublishingInterval: Math.min(everyMs / 2, longestPublishingMs),
    requestedMaxKeepAliveCount: keepAliveCount,
    requestedLifetimeCount: lifetimeCount,
    maxNotificationsPerPublish: 2000,
    publishingEnabled: true,
    priority: 0,
  });
  subscription.on("keepalive", () => sink.onSign());
  subscription.on("terminated", () => sink.onLost("the server ended the subscription"));
  const parameters = { samplingInterval: everyMs / 2, discardOldest: true, queueSize: 1 };
  const { Neither } = library.TimestampsToReturn;
  /** By the place of their node. */
  const items = new Map<number, OpcUaItem>();
  /** Nodes that are read instead, by their place as well. */
  const polled = new Map<number, OpcUaAttribute>();
  let readsPerCall = perCallByDefault;

  const take = ({ index, node }: FoundNode, item: OpcUaItem): void => {
    const { statusCode } = item;
    if (statusCode?.name === noRoom) {
      polled.set(index, node);
      return;
    }
    polled.delete(index);
    if (statusCode !== undefined && statusCode.value >>> 30 !== 0) {
      sink.onRefused(index, `the server refuses it: ${statusCode.name}`);
      return;
    }
    items.set(index, item);
    sink.onWatched(
      index,
      Math.max(item.monitoringParameters.samplingInterval, subscription.publishingInterval),
    );
    item.on("changed", (value) => sink.onValue(index, readValue(value)));
  };

  /**
   * Of these nodes the ids that they have at the server now, and how many of them it takes in one call. Without its namespaces
   * nothing is known of any of them: the session is lost.
   */
  const find = async (indexes: readonly number[]) => {
    const [list, mostRead, mostWatched] = await session.read(serverNodes);
    const namespaces = readNamespaces(readValue(list ?? {}));
    if (!namespaces.ok) {
      sink.onLost(namespaces.error);
      throw new Error(namespaces.error);
    }
    const all = findNodes(namespaces.value);
    const found: FoundNode[] = [];
    for (const index of indexes) {
      const id = all[index]!;
      if (id.ok) found.push({ index, node: valueAt(id.value) });
      else sink.onRefused(index, id.error);
    }
    readsPerCall = readPerCall(mostRead);
    return { found, watchedPerCall: readPerCall(mostWatched) };
  };

  const poll = async (): Promise<void> => {
    for (const some of inCalls([...polled], readsPerCall)) {
      let answers: readonly OpcUaDataValue[];
      try {
        answers = await session.read(some.map(([, node]) => node));
      } catch (error) {
        // What was read before is not told on as if it were new.
        for (const [index] of some) sink.onRefused(index, `it cannot be read: ${String(error)}`);
        continue;
      }
      for (const [at, [index]] of some.entries()) sink.onPolled(index, readValue(answers[at] ?? {}));
    }
  };

  const watch = async (indexes: readonly number[]): Promise<void> => {
    const { found, watchedPerCall } = await find(indexes);
    for (const some of inCalls(found, watchedPerCall)) {
      const group = await subscription.monitorItems(
        some.map(({ node }) => node),
        parameters,
        Neither,
      );
      for (const [at, item] of group.monitoredItems.entries()) take(some[at]!, item);
      sink.onSign();
    }
    await poll();
  };

  const retry = async (indexes: readonly number[]): Promise<void> => {
    const { found } = await find(indexes);
    for (const some of inCalls(found, readsPerCall)) {
      const answers = await session.read(some.map(({ node }) => node));
      for (const [at, { index, node }] of some.entries()) {
        // Asked for by reading, since a watch that is refused once more would cost more.
        if ((answers[at]?.statusCode?.value ?? 0) >>> 30 > 1) continue;
        const gone = items.get(index);
        items.delete(index);
        await gone?.terminate().catch(() => undefined);
        take({ index, node }, await subscription.monitor(node, parameters, Neither));
      }
    }
  };

  const signEveryMs = subscription.publishingInterval * subscription.maxKeepAliveCount;
  return { signEveryMs, watch, retry, poll };
}

/** As many at once as one call takes. */
function* inCalls<T>(all: readonly T[], perCall: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += perCall) yield all.slice(from, from + perCall);
}

function readPerCall(data: OpcUaDataValue | undefined): number {
  const limit = data?.value?.value;
  return typeof limit === "number" && limit >= 1 ? Math.min(limit, mostPerCall) : perCallByDefault;
}

function readValue(data: OpcUaDataValue): OpcUaValue {
  const status = data.statusCode;
  return {
    value: data.value?.value,
    dataType: data.value?.dataType ?? Number.NaN,
    status: status?.value ?? 0,
    statusName: status?.name ?? "Good",
  };
}
