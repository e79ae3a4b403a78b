/** Finds the running gateway of a configuration and what it says of itself; reads whatever else answers there as somebody else. */
import { z } from "zod";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { askStatus, findGatewayAddress, type GatewayAddress } from "../ask/ask-gateway.ts";

/** `/status` of a gateway, as far as it is read here. */
export interface GatewayPage {
  readonly gateway: string;
  readonly mqtt: {
    readonly connected: boolean;
    readonly cloned?: boolean | undefined;
    /** Of an older gateway: absent. */
    readonly refusedFilters?: readonly string[] | undefined;
  };
  /** Alerts that the broker does not take; of an older gateway: absent. */
  readonly refusedAlerts?:
    | readonly { readonly topic: string; readonly component: string; readonly reason: string }[]
    | undefined;
  readonly outbox: { readonly records: number; readonly trouble?: string | null | undefined };
  readonly windows: { readonly processed: number };
  /** Raw evidence on its way; of an older gateway: without these. */
  readonly evidence?:
    | { readonly held?: number | undefined; readonly pieceLimitBytes?: number | null | undefined }
    | undefined;
  /** Of SCADA values; of an older gateway: absent. */
  readonly sources?:
    | readonly {
        readonly name: string;
        readonly connected: boolean;
        readonly faults: readonly string[];
        /** The same with what to do; of an older gateway: absent. */
        readonly diagnoses?:
          | readonly { readonly code: string; readonly text: string; readonly cure: string }[]
          | undefined;
        /** The last of each channel; of an older gateway: absent. */
        readonly values?:
          | readonly {
              readonly turbine: string;
              readonly channel: string;
              /** Null: none that JSON could write. */
              readonly value: number | null;
              readonly unit: string;
              readonly ageMs: number;
            }[]
          | undefined;
      }[]
    | undefined;
  readonly devices: readonly {
    readonly id: string;
    readonly state: string | null;
    /** Since it was last heard of, ms; null: not yet. Of an older gateway: absent. */
    readonly silentMs?: number | null | undefined;
    /** What is wrong with it, the worst first. */
    readonly diagnoses?: readonly { readonly text: string; readonly cure: string }[] | undefined;
  }[];
}

const statusSchema: z.ZodType<GatewayPage> = z.object({
  gateway: z.string(),
  mqtt: z.object({
    connected: z.boolean(),
    cloned: z.boolean().optional(),
    refusedFilters: z.array(z.string()).optional(),
  }),
  refusedAlerts: z
    .array(z.object({ topic: z.string(), component: z.string(), reason: z.string() }))
    .optional(),
  outbox: z.object({ records: z.number(), trouble: z.string().nullable().optional() }),
  windows: z.object({ processed: z.number() }),
  evidence: z
    .object({ held: z.number().optional(), pieceLimitBytes: z.number().nullable().optional() })
    .optional(),
  sources: z
    .array(
      z.object({
        name: z.string(),
        connected: z.boolean(),
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
      silentMs: z.number().nullable().optional(),
      diagnoses: z.array(z.object({ text: z.string(), cure: z.string() })).optional(),
    }),
  ),
});

export interface FoundGateway {
  readonly url: string;
  /** Null: nothing that is a gateway answers there, or not in time. */
  readonly page: GatewayPage | null;
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
