/** How workers share what gateways send. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { idSchema as id } from "./config-parts.ts";

/** Of the workers of one machine. */
export interface IngestConfig {
  readonly workers: number;
  readonly name: string;
  readonly maxUnacknowledged: number;
  readonly sessionExpirySeconds: number;
}

export const ingestSchema: () => z.ZodType<IngestConfig, unknown> = onDemand(() =>
  z.strictObject({
    workers: z
      .int()
      .min(1)
      .max(64)
      .default(2)
      .describe(
        "Processes of `--role ingest`, and of `--role all` with record.kind postgres and a broker of its own",
      ),
    name: id
      .default("ingest")
      .describe(
        "Begins the workers' client ids at the broker: another one on every machine, the same at every start, or two throw each other out",
      ),
    maxUnacknowledged: z
      .int()
      .min(10)
      .max(65_535)
      .default(4_000)
      .describe("Messages that the broker sends a worker before they are stored"),
    sessionExpirySeconds: z
      .int()
      .min(60)
      .max(604_800)
      .default(300)
      .describe(
        "For how long the broker keeps a worker's share for it while it is gone; after that the others take all",
      ),
  }),
);
