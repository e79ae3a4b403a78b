/** What channels of every field bus have: a name, a unit, and how a number of the server becomes a value in it. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { idPattern } from "../topics.ts";

/** How a number of a server becomes a value of a channel: `raw · scale + offset`, in `unit`. */
export interface ScaledChannel {
  readonly name: string;
  readonly unit: string;
  readonly scale: number;
  readonly offset: number;
  /** Raw numbers by which the server says that there is no value. */
  readonly invalid: readonly number[];
}

/** Validator of the id of a turbine or a channel. */
export const mappedIdSchema: z.ZodString = z
  .string()
  .regex(idPattern, "letters, digits, dot, dash and underscore; at most 63");

/** Validators of the keys of {@link ScaledChannel}. */
export const scaledChannelShape: () => {
  readonly name: z.ZodString;
  readonly unit: z.ZodString;
  readonly scale: z.ZodDefault<z.ZodNumber>;
  readonly offset: z.ZodDefault<z.ZodNumber>;
  readonly invalid: z.ZodDefault<z.ZodArray<z.ZodNumber>>;
} = onDemand(() => ({
  name: mappedIdSchema.describe("Channel name"),
  unit: z.string().min(1).max(32).describe("Unit of the value once it is scaled"),
  scale: z
    .number()
    .refine((scale) => scale !== 0, "0 would make every value the same")
    .default(1)
    .describe("Value = number of the server · scale + offset"),
  offset: z.number().default(0).describe("Added after scaling, in the unit"),
  invalid: z
    .array(z.number())
    .max(8)
    .default([])
    .describe("Numbers, before scaling, by which the server says that it has no value, for example 65535"),
}));
