/** A source of an OPC UA server that is told what its session says, on a clock that is set by hand. */
import { onTestFinished } from "vitest";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import type { Quarantine, Reading } from "../../../src/core/contract/stream.ts";
import { createLogger } from "../../../src/core/platform/logger.ts";
import type { OpcUaOpened } from "../../../src/gateway/sources/opcua-client.ts";
import { createOpcUaSource } from "../../../src/gateway/sources/opcua-source.ts";
import type { OpcUaSink } from "../../../src/gateway/sources/opcua-subscription.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";

export const everyMs = 10_000;
export const power = { name: "power", node: "ns=2;s=P", unit: "kW", scale: 0.001 };

/** Signs as often as a server gives them that grants what it is asked for. */
export const signEveryMs = 6000;
export const openAtOnce = (): Promise<OpcUaOpened> =>
  Promise.resolve({ signEveryMs, retry: async () => {}, poll: async () => {} });

interface StartOptions {
  readonly channel?: object;
  readonly more?: object;
  readonly open?: () => Promise<OpcUaOpened>;
  /** Default: at once. */
  readonly end?: () => Promise<void>;
}

export async function startOpcUaSource({
  channel = power,
  more = {},
  open = openAtOnce,
  end = async () => {},
}: StartOptions = {}) {
  const clock = createManualClock();
  const turbines = [{ turbine: "T1", channels: [channel] }];
  const { opcua } = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north" },
    turbines: [{ id: "T1" }],
    opcua: [{ url: "opc.tcp://plc:4840", security: "none", turbines, ...more }],
  });
  const lines: string[] = [];
  const sessions: OpcUaSink[] = [];
  const closed: number[] = [];
  const source = createOpcUaSource({
    config: opcua[0]!,
    load: () => (_request, sink) => {
      const index = sessions.push(sink) - 1;
      const close = (): Promise<void> => {
        closed.push(index);
        return end();
      };
      return { opened: open(), close };
    },
    stateDir: "",
    clock,
    timers: clock,
    logger: createLogger({ level: "info", write: (line) => lines.push(line) }),
  });
  onTestFinished(() => source.close());
  const readings: Reading[] = [];
  const bad: Quarantine[] = [];
  await source.start({ onReading: (each) => readings.push(each), onQuality: (each) => bad.push(each) });
  const ready = () => until(() => clock.pendingTimers > 0, "a wait");
  await ready();
  const tell = (value: number, status = 0): void =>
    sessions.at(-1)!.onValue(0, { value, dataType: 11, status, statusName: status === 0 ? "Good" : "Bad" });
  const wait = async (): Promise<void> => {
    clock.advance(everyMs);
    await ready();
  };
  /** As a server that is there does, while nothing changes. */
  const waitWithSigns = async (): Promise<void> => {
    sessions.at(-1)!.onSign();
    await wait();
  };
  const faults = (): readonly string[] => source.describe().faults.map(({ detail }) => detail);
  return { clock, sessions, closed, source, lines, readings, bad, tell, wait, waitWithSigns, faults };
}
