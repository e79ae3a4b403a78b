/** The validator of a measuring point in a gateway's configuration. */
import { z } from "zod";
import { writtenBearingSchema } from "../bundle/bearing.ts";
import { onDemand } from "../on-demand.ts";
import { maxGearedShafts, maxPolePairs, mostGearedTurns } from "../stated-shafts.ts";
import { idSchema as id } from "./config-parts.ts";
import type { PointConfig } from "./gateway-config.ts";

const leastSpeedRatio = 1 / mostGearedTurns;

/** Validator of {@link PointConfig}. */
export const pointSchema: () => z.ZodType<PointConfig> = onDemand(() =>
  z.strictObject({
    component: id.describe("Component that is watched, for example generator-bearing"),
    bundle: id.default("bearing-vibration").describe("Name of the bundle that watches it"),
    device: id.describe("Device that samples it"),
    channel: z.string().min(1).max(64).describe("Channel of that device"),
    bearing: writtenBearingSchema().describe("Fault frequencies of the bearing in orders of the shaft speed"),
    polePairs: z
      .int()
      .min(1)
      .max(maxPolePairs)
      .optional()
      .describe(
        "Pole pairs of the induction motor on the bearing's shaft, where an inverter feeds it: lines of its supply are then no fault's",
      ),
    gearedShafts: z
      .array(z.number().positive().max(mostGearedTurns))
      .min(1)
      .max(maxGearedShafts)
      .optional()
      .describe(
        "Turns of each shaft that teeth lock to the bearing's, in one turn of the bearing's (4.765 where a wheel of 81 teeth drives a pinion of 17): lines of theirs are then no fault's",
      ),
    speedRatio: z
      .number()
      .min(leastSpeedRatio)
      .max(mostGearedTurns)
      .optional()
      .describe(
        "Turns of the bearing's shaft in one turn of the shaft whose speed is told, behind a gearbox (0.0133 where the generator's is told and the bearing sits on the rotor's shaft, 75 times slower); left out: it is the bearing's own",
      ),
    shaftRpm: z
      .number()
      .positive()
      .max(100_000)
      .nullable()
      .default(null)
      .describe("Speed of the bearing's own shaft to assume where none is told"),
    baselineEpoch: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(0)
      .describe("Count up after maintenance or a new sensor: the healthy baseline is learnt again"),
  }),
);
