/** The parts of a gateway's configuration that say how much of its record is kept and sent. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { optionalFile } from "./config-parts.ts";
import type { GatewayConfig } from "./gateway-config.ts";

export const uplinkSchema: () => z.ZodType<GatewayConfig["uplink"]> = onDemand(() =>
  z
    .strictObject({
      predictionIntervalSeconds: z
        .number()
        .min(1)
        .max(3600)
        .default(60)
        .describe("Predictions are thinned to this"),
      healthIntervalSeconds: z
        .number()
        .min(1)
        .max(3600)
        .default(60)
        .describe("Seconds between health records"),
      ackKeyFile: optionalFile().describe(
        "Key of this gateway's enrolment (64 hexadecimal digits): with it, only its own collector can say that a record is stored",
      ),
      backlogKibibytesPerSecond: z
        .number()
        .min(1)
        .max(1_048_576)
        .default(256)
        .describe("Most that is sent to the collector in a second, alerts apart, which overtake the rest"),
    })
    .prefault({}),
);

export const storeSchema: () => z.ZodType<GatewayConfig["store"]> = onDemand(() =>
  z
    .strictObject({
      maxMebibytes: z
        .int()
        .min(8)
        .max(65_536)
        .default(256)
        .describe(
          "What the collector does not know yet may take on the disk; alerts are kept beyond that. Predictions make room by becoming rows of ten minutes, but for the 800 oldest records, which may be stored already",
        ),
      reserveMebibytes: z
        .int()
        .min(1)
        .max(1024)
        .default(4)
        .describe(
          "Room kept for alerts on a disk that others may fill; at most a sixteenth of the file system",
        ),
    })
    .prefault({}),
);
