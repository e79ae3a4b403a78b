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

/** How a broker is logged in to; alike for gateway and collector. */
export interface BrokerLoginConfig {
  readonly username: string | null;
  readonly passwordFile: string | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

const optionalFile = filePathSchema.nullable().default(null);

/** Validators of the keys of {@link BrokerLoginConfig}. */
export const brokerLoginShape: {
  readonly [Key in keyof BrokerLoginConfig]: z.ZodDefault<z.ZodNullable<z.ZodString>>;
} = {
  username: z
    .string()
    .max(256)
    .nullable()
    .default(null)
    .describe("User name at the broker; left out where the broker takes it from the client certificate"),
  passwordFile: optionalFile.describe(
    "File that holds the password (for a gateway, AURORA_MQTT_PASSWORD instead is possible)",
  ),
  caFile: optionalFile.describe("CA certificates (PEM) to trust instead of the system's"),
  certFile: optionalFile.describe("Client certificate (PEM)"),
  keyFile: optionalFile.describe("Key of the client certificate (PEM)"),
};

/** Validator of the base topic. */
export const topicBaseSchema: z.ZodDefault<z.ZodString> = z
  .string()
  .regex(/^[^\s/+#][^\s+#]{0,126}[^\s/+#]$/, "a topic prefix without +, # and spaces")
  .default("aurora/v1")
  .describe("Prefix of every topic");
