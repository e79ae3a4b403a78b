/** Parts that the configurations of gateway and collector have in common: broker, files, trusted keys. */
import { z } from "zod";

/** A path of a file or folder. */
export const filePathSchema: z.ZodString = z.string().min(1).max(4096);

/** Whose signature a bundle must bear; a path of its own default is looked for in the installation. */
export const trustedKeysSchema: z.ZodDefault<z.ZodArray<z.ZodString>> = z
  .array(filePathSchema)
  .min(1)
  .max(16)
  .default(["models/release.pub"])
  .describe("Public keys (PEM) that bundles must be signed with");

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
