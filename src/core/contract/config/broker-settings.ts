/** What gateway and collector must say alike of their broker: its address, and the prefix of every topic. */
import { z } from "zod";

/** Validator of a broker's address; the user adds a default. */
export const brokerUrlSchema: z.ZodString = z
  .string()
  .regex(/^mqtts?:\/\/[^\s/]+/, "mqtt://host:port or mqtts://host:port");

/** Validator of the base topic. */
export const topicBaseSchema: z.ZodDefault<z.ZodString> = z
  .string()
  .regex(/^[^\s/+#][^\s+#]{0,126}[^\s/+#]$/, "a topic prefix without +, # and spaces")
  .default("aurora/v1")
  .describe("Prefix of every topic");
