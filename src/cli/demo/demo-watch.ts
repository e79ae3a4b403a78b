/** Watches a demonstration from outside, as any subscriber would, and says when its question is answered. */
import { z } from "zod";
import { type AlertEvent, alertEventSchema } from "../../core/contract/alert.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import type { GatewayPage } from "../../core/contract/gateway-page.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { askStatus } from "../ask/ask-gateway.ts";
import type { DemoPlan, ExpectedDrift } from "./demo-turbine.ts";

/** `met`: the expected turbine alerted with the expected fault (the expected drift was found), and nothing else came. `broken`: something else did. */
export type DemoVerdict = "open" | "met" | "broken";

export interface DemoWatch {
  readonly alerts: readonly AlertEvent[];
  readonly verdict: DemoVerdict;
  /** Resolves when the verdict is no longer open. */
  readonly decided: Promise<void>;
}

interface DemoWatchOptions {
  /** Of all alerts. */
  readonly topic: string;
  readonly expected: DemoPlan["expected"];
  /** Called once with each. */
  readonly onAlert: (event: AlertEvent) => void;
}

export async function watchAlerts(
  mqtt: MqttClient,
  { topic, expected, onAlert }: DemoWatchOptions,
): Promise<DemoWatch> {
  const alerts: AlertEvent[] = [];
  const seen = new Set<string>();
  let verdict: DemoVerdict = "open";
  let decide = (): void => {};
  const decided = new Promise<void>((resolve) => {
    decide = resolve;
  });
  await mqtt.subscribe(topic, 1, (_topic, payload) => {
    const event = alertEventSchema().parse(JSON.parse(Buffer.from(payload).toString("utf8")));
    // At least once: a repetition has the same id.
    if (seen.has(event.id)) return;
    seen.add(event.id);
    alerts.push(event);
    onAlert(event);
    verdict = decideVerdict(alerts, expected);
    if (verdict !== "open") decide();
  });
  return {
    alerts,
    get verdict() {
      return verdict;
    },
    decided,
  };
}

/** What the alerts so far say about the expectation. */
export function decideVerdict(alerts: readonly AlertEvent[], expected: DemoPlan["expected"]): DemoVerdict {
  const isExpected = ({ data }: AlertEvent): boolean =>
    data.turbine === expected?.turbine && data.failureMode === expected.fault;
  if (alerts.length === 0) return "open";
  return alerts.every(isExpected) ? "met" : "broken";
}

/** Figures of the gateway's status page. */
type DemoFigures = Pick<GatewayPage, "windows" | "latencyMs" | "startToFirstPredictionMs">;

/** What `aurora demo --json` prints. */
export interface DemoReport extends DemoFigures {
  readonly expected: DemoPlan["expected"];
  readonly alerts: readonly AlertEvent[];
  /** Of a demonstration of drift. */
  readonly drift?: DriftOutcome;
}

/** What was found of drift. */
interface DriftOutcome {
  readonly expected: ExpectedDrift | null;
  /** Newest verdict of each point that drifted. */
  readonly found: readonly DriftVerdict[];
  /** Periods that were assessed. */
  readonly periods: number;
}

const statusSchema: z.ZodType<DemoFigures> = z.object({
  windows: z.object({ processed: z.int(), quarantined: z.int(), dropped: z.int() }),
  latencyMs: z.object({ p50: z.number(), p99: z.number() }),
  startToFirstPredictionMs: z.number().nullable(),
});

/** A gateway on a busy machine answers late; one that has ended is seen elsewhere. */
const statusTimeoutMs = 30_000;

/** @throws AuroraError PROCESS where the gateway does not answer */
export async function readGatewayStatus(httpUrl: string): Promise<DemoFigures> {
  const status = await askStatus(httpUrl, statusTimeoutMs);
  if (status !== null) return statusSchema.parse(status);
  throw new AuroraError(
    "PROCESS",
    `the gateway did not say how it fared within ${statusTimeoutMs / 1000} s`,
    {
      op: "run demonstration",
      subject: httpUrl,
      hint: "Run it again where the machine has less else to do.",
    },
  );
}
