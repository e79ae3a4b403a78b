/** Finds the running gateway of a configuration and what it says of itself; reads whatever else answers there as somebody else. */
import { z } from "zod";
import { isClosedToHttp } from "../../core/contract/config/config-parts.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { DeviceDiagnosis } from "../../core/contract/device/device-diagnosis.ts";
import type { DeviceOnPage, GatewayPage } from "../../core/contract/gateway-page.ts";
import type { ShapeOf } from "../../core/contract/shape-of.ts";
import { askStatus, findGatewayAddress, type GatewayAddress } from "../ask/ask-gateway.ts";

/** What is read here of a gateway's page. */
export type FoundPage = Pick<GatewayPage, "gateway" | "profile" | "refusedAlerts" | "outbox" | "sources"> & {
  readonly mqtt: Pick<GatewayPage["mqtt"], "connected" | "cloned" | "refusedFilters">;
  readonly evidence?:
    | Pick<NonNullable<GatewayPage["evidence"]>, "held" | "pieceLimitBytes" | "pausedUntilMs">
    | undefined;
  readonly windows: Pick<GatewayPage["windows"], "processed">;
  readonly devices: readonly (Pick<DeviceOnPage, "id" | "state" | "noContact" | "silentMs"> & {
    readonly diagnoses?: readonly Pick<DeviceDiagnosis, "text" | "cure">[] | undefined;
  })[];
};

const shape: ShapeOf<FoundPage> = {
  gateway: z.string(),
  profile: z.enum(["standard", "small"]).optional(),
  mqtt: z.object({
    connected: z.boolean(),
    cloned: z.boolean().optional(),
    refusedFilters: z.array(z.string()).optional(),
  }),
  refusedAlerts: z
    .array(z.object({ topic: z.string(), component: z.string(), reason: z.string() }))
    .optional(),
  outbox: z.object({
    records: z.number(),
    trouble: z.string().nullable().optional(),
    slow: z.boolean().optional(),
    lanes: z.object({ alert: z.object({ pending: z.number().optional() }) }).optional(),
  }),
  windows: z.object({ processed: z.number() }),
  evidence: z
    .object({
      held: z.number().optional(),
      pieceLimitBytes: z.number().nullable().optional(),
      pausedUntilMs: z.number().nullable().optional(),
    })
    .optional(),
  sources: z
    .array(
      z.object({
        name: z.string(),
        connected: z.boolean(),
        readings: z.number().optional(),
        faults: z.array(z.string()),
        diagnoses: z.array(z.object({ code: z.string(), text: z.string(), cure: z.string() })).optional(),
        values: z
          .array(
            z.object({
              turbine: z.string(),
              channel: z.string(),
              value: z.number().nullable(),
              unit: z.string(),
              ageMs: z.number(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
  devices: z.array(
    z.object({
      id: z.string(),
      state: z.string().nullable(),
      noContact: z.string().nullable().optional(),
      silentMs: z.number().nullable().optional(),
      diagnoses: z.array(z.object({ text: z.string(), cure: z.string() })).optional(),
    }),
  ),
};
const statusSchema = z.object(shape);

export interface FoundGateway {
  readonly url: string;
  /** Null: nothing that is a gateway answers there, or not in time. */
  readonly page: FoundPage | null;
  /** Somebody listens there, and said nothing in all the time. */
  readonly isLate: boolean;
  /** Why its port, which the system chose, is not known; or null. */
  readonly missing: GatewayAddress["missing"];
}

/** A loaded machine may take its time; what is asked here is asked once. */
const answerMs = 10_000;

/** Asks at the configured address or, where the port is 0, at the one that the access file names. */
export async function findGateway(
  { gateway }: Pick<GatewayConfig, "gateway">,
  timeoutMs: number = answerMs,
): Promise<FoundGateway> {
  const { url, missing } = await findGatewayAddress(gateway);
  if (missing !== null) return { url, page: null, isLate: false, missing };
  const startedMs = performance.now();
  const page = statusSchema.safeParse(await askStatus(url, timeoutMs));
  if (page.success) return { url, page: page.data, isLate: false, missing };
  return { url, page: null, isLate: performance.now() - startedMs >= timeoutMs, missing };
}

/** Whether the gateway of a configuration runs, by what was found of it; null: that is not known. */
export function judgeRunning(
  { gateway }: Pick<GatewayConfig, "gateway">,
  { page, isLate, missing }: FoundGateway,
): boolean | null {
  if (page !== null) return page.gateway === gateway.id;
  if (missing !== null) return missing.isNone ? false : null;
  // The system's choice of a port is known of a gateway alone that ran, and may be at its limit.
  return isLate || gateway.httpPort === 0 || isClosedToHttp(gateway.httpPort) ? null : false;
}
