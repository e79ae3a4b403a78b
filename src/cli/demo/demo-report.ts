/** The one JSON object that `aurora demo --json` prints, and where its figures come from. */
import { z } from "zod";
import type { AlertEvent } from "../../core/contract/alert.ts";
import { askStatus } from "../device/ask-gateway.ts";
import type { DemoPlan } from "./demo-plan.ts";

/** Figures of the gateway. */
export interface DemoFigures {
  readonly windows: { readonly processed: number; readonly quarantined: number; readonly dropped: number };
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  /** Null when nothing was predicted. */
  readonly startToFirstPredictionMs: number | null;
}

/** The whole report. */
export interface DemoReport extends DemoFigures {
  readonly expected: DemoPlan["expected"];
  readonly alerts: readonly AlertEvent[];
}

const statusSchema: z.ZodType<DemoFigures> = z.object({
  windows: z.object({ processed: z.int(), quarantined: z.int(), dropped: z.int() }),
  latencyMs: z.object({ p50: z.number(), p99: z.number() }),
  startToFirstPredictionMs: z.number().nullable(),
});

/** Asks a gateway's status page. */
export async function readGatewayStatus(httpUrl: string): Promise<DemoFigures> {
  return statusSchema.parse(await askStatus(httpUrl));
}
