/** `scada` of a gateway's configuration: JSON topics of an existing SCADA bridge that values are read from. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { idSchema as id } from "./config-parts.ts";

/** A JSON topic of an existing SCADA bridge, mapped to channels of a turbine. */
export interface ScadaConfig {
  readonly topic: string;
  readonly turbine: string;
  /** Path of the time in the payload (epoch ms, epoch s or RFC 3339); null: the time of arrival. */
  readonly timePath: string | null;
  readonly channels: readonly {
    readonly name: string;
    readonly path: string;
    readonly unit: string;
    /** By what the bridge says that the value is good; left out: it is taken whatever is said of it. */
    readonly good?: GoodMark | undefined;
    /** Values by which the bridge says that there is none. */
    readonly invalid?: readonly number[] | undefined;
  }[];
}

/** Of a value that is good, one of `is` stands at `path`. */
interface GoodMark {
  readonly path: string;
  readonly is: readonly (boolean | number | string)[];
}

const path = z.string().min(1).max(256);

/** Validator of {@link ScadaConfig}, as many as there are topics and turbines. */
export const scadaSchema: () => z.ZodType<readonly ScadaConfig[], unknown> = onDemand(() =>
  z
    .array(
      z.strictObject({
        topic: z.string().min(1).max(512).describe("Topic of the existing SCADA bridge"),
        turbine: id.describe("Turbine that it speaks of"),
        timePath: path
          .nullable()
          .default(null)
          .describe(
            "Dotted path (or JSON pointer) of the time: RFC 3339 with its offset, or epoch seconds or milliseconds as a number; null: the time of arrival, and what is retained is not read",
          ),
        channels: z
          .array(
            z.strictObject({
              name: id.describe("Channel name"),
              path: path.describe(
                "Dotted path (or JSON pointer) of the value: a JSON number, or a string that is exactly one",
              ),
              unit: z.string().min(1).max(32).describe("Unit of the value"),
              good: z
                .strictObject({
                  path,
                  is: z
                    .array(z.union([z.boolean(), z.number(), z.string().max(64)]))
                    .min(1)
                    .max(16),
                })
                .optional()
                .describe(
                  "Where the message says that the value is good, and how: one of `is` stands at `path`, for example true, 192 or GOOD; anything else is a missing value",
                ),
              invalid: z
                .array(z.number())
                .max(8)
                .default([])
                .describe("Values by which the bridge says that there is none, for example 6553.5"),
            }),
          )
          .min(1)
          .max(256),
      }),
    )
    .max(1024)
    .default([])
    .describe("JSON topics of an existing SCADA bridge"),
);
