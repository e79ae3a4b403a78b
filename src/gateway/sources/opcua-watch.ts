/**
 * What is known of the variables of one session with an OPC UA server, and what a sink is told of it once an interval. As long as
 * the server is there, a value that it does not speak of is the same, however long ago it was stamped: a reading is of the time
 * when it is told, as one of a register that was asked for is. What has to be read is told when it is read, and never again.
 */
import type { OpcUaChannelConfig, OpcUaConfig } from "../../core/contract/config/opcua-config.ts";
import {
  type OpcUaFault,
  type OpcUaValue,
  readOpcUaNumber,
  saysNoNode,
} from "../../core/ingest/opcua-values.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { FaultNotes, FaultSubject } from "./fault-notes.ts";
import { cureNode } from "./opcua-cures.ts";
import type { ReadingSink } from "./reading-source.ts";
import { createReadingTeller } from "./reading-teller.ts";

interface NodeWatchParts {
  readonly config: OpcUaConfig;
  readonly sink: ReadingSink;
  readonly clock: Clock;
  readonly faults: FaultNotes;
  readonly counts: { readings: number; bad: number };
}

/** Nodes are known by their place in the configuration; what comes of another place is left out. */
interface NodeWatch {
  take(index: number, value: OpcUaValue): void;
  /** Takes, and tells at once, what a node was read as that the server has no room to watch. */
  takePolled(index: number, value: OpcUaValue): void;
  /** The server tells this node every so many ms at most. */
  expect(index: number, everyMs: number): void;
  refuse(index: number, detail: string): void;
  /** Tells the sink of each node but those that were read. @param isYoung the server may well not have told its first values yet */
  tell(isYoung: boolean): void;
  /** Nodes that the server refuses, or has no longer: nothing comes of them until they are asked for again. */
  listMissing(): readonly number[];
}

/** A node, and what was last heard of it. */
interface Watched {
  readonly turbine: string;
  readonly channel: OpcUaChannelConfig;
  value: OpcUaValue | null;
  refusal: string | null;
  /** The server has no room to watch it. */
  isPolled: boolean;
  /** How often the server tells it at most; 0: as often as it was asked to, or it is read. */
  toldEveryMs: number;
}

const paceCure =
  "Let the server sample and publish as often, or raise everySeconds: in between, rows hold the value before.";

export function createNodeWatch({ config, sink, clock, faults, counts }: NodeWatchParts): NodeWatch {
  const watched = config.turbines.flatMap(({ turbine, channels }) =>
    channels.map(
      (channel): Watched => ({
        turbine,
        channel,
        value: null,
        refusal: null,
        isPolled: false,
        toldEveryMs: 0,
      }),
    ),
  );
  const byTurbine = groupBy(watched, ({ turbine }) => turbine);
  const teller = createReadingTeller(sink, counts);

  const setAside = (node: Watched, { reason, detail }: OpcUaFault): void => {
    const of = describeNode(node);
    faults.note(of, { detail, cure: cureNode(detail) });
    teller.setAside(node, { reason, detail: `${of.subject}: ${detail}`, timestampMs: clock.nowMs() });
  };

  const tell = (node: Watched, isYoung: boolean): void => {
    const { value, refusal } = node;
    if (refusal !== null) {
      setAside(node, { reason: "missing-value", detail: refusal });
      return;
    }
    if (value === null) {
      if (!isYoung)
        setAside(node, { reason: "missing-value", detail: "the server has not told a value yet" });
      return;
    }
    const number = readOpcUaNumber(value, node.channel);
    if (!number.ok) {
      setAside(node, number.error);
      return;
    }
    faults.clear(describeNode(node));
    const arrivedMs = clock.nowMs();
    const at = { timestampMs: arrivedMs, arrivedMs, arrivedMonotonicMs: clock.monotonicMs() };
    teller.tell(node, number.value, at);
  };

  /** What a server grants may be less than it was asked for, of some nodes or of all. */
  const notePace = (turbine: string, nodes: readonly Watched[]): void => {
    const of: FaultSubject = { code: "slow-poll", turbine, subject: "sampling" };
    const rare = nodes
      .filter(({ toldEveryMs }) => toldEveryMs > config.everySeconds * 1000)
      .toSorted((one, other) => other.toldEveryMs - one.toldEveryMs);
    const [rarest] = rare;
    if (rarest === undefined) {
      faults.clear(of);
      return;
    }
    const more = rare.length === 1 ? "" : ` and ${rare.length - 1} more`;
    const every = Number((rarest.toldEveryMs / 1000).toPrecision(3));
    const detail = `the server tells ${describeNode(rarest).subject}${more} every ${every} s at most, longer than everySeconds (${config.everySeconds})`;
    faults.note(of, { detail, cure: paceCure });
  };

  const take = (index: number, value: OpcUaValue, isPolled: boolean): Watched | undefined => {
    const node = watched[index];
    if (node === undefined) return undefined;
    node.value = value;
    node.refusal = null;
    node.isPolled = isPolled;
    if (isPolled) node.toldEveryMs = 0;
    return node;
  };

  return {
    take: (index, value) => void take(index, value, false),
    takePolled: (index, value) => {
      const node = take(index, value, true);
      if (node !== undefined) tell(node, false);
    },
    expect: (index, everyMs) => {
      const node = watched[index];
      if (node === undefined) return;
      // What was read was told then.
      if (node.isPolled) node.value = null;
      node.isPolled = false;
      node.toldEveryMs = everyMs;
    },
    refuse: (index, detail) => {
      const node = watched[index];
      if (node === undefined) return;
      node.value = null;
      node.refusal = detail;
    },
    tell: (isYoung) => {
      for (const node of watched) if (!node.isPolled || node.refusal !== null) tell(node, isYoung);
      for (const [turbine, nodes] of byTurbine) notePace(turbine, nodes);
    },
    listMissing: () =>
      watched.flatMap(({ value, refusal }, index) =>
        refusal !== null || (value !== null && saysNoNode(value)) ? [index] : [],
      ),
  };
}

function describeNode({ turbine, channel }: Watched): FaultSubject {
  return { code: "no-value", turbine, subject: `${channel.name} (${channel.node})` };
}
