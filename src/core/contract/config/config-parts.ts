/** Parts that the configurations of gateway and collector have in common: broker, files, trusted keys. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { defaultBase, idPattern } from "../topics.ts";

/** An id of a site, turbine, gateway or device. */
export const idSchema: z.ZodString = z
  .string()
  .regex(idPattern, "letters, digits, dot, dash and underscore; at most 63; starts with a letter or digit");

/** A path of a file or folder. */
export const filePathSchema: z.ZodString = z.string().min(1).max(4096);

/** Whose signature a bundle must bear; a path of its own default is looked for in the installation. */
export const trustedKeysSchema: () => z.ZodDefault<z.ZodArray<z.ZodString>> = onDemand(() =>
  z
    .array(filePathSchema)
    .min(1)
    .max(16)
    .default(["models/release.pub"])
    .describe("Public keys (PEM) that bundles must be signed with"),
);

const usualPorts: Readonly<Record<string, number>> = { mqtt: 1883, mqtts: 8883 };

/** Validator of a broker's address; the user adds a default. */
export const brokerUrlSchema: () => z.ZodString = onDemand(() =>
  z
    .string()
    .max(512)
    .regex(/^mqtts?:\/\/[^\s/]+/, "must be mqtt://host:port, or mqtts://host:port for TLS")
    .superRefine((url, context) => {
      // Of what is no address at all one complaint is enough.
      if (!/^mqtts?:\/\/[^\s/]/.test(url)) return;
      const [, scheme = "", login, host = "", port] =
        /^(mqtts?):\/\/(?:([^\s/]*)@)?(\[[^\]]*\]|[^\s/:]*)(?::([^\s/]*))?\/?$/.exec(url) ?? [];
      const complain = (message: string, write: string): void =>
        context.addIssue({ code: "custom", message, params: { write } });
      if (login?.includes(":")) {
        complain(
          "there is a password in the address, which is shown to many",
          "leave it out, and write username and passwordFile",
        );
      } else if (host === "") {
        complain(
          "this is not an address of a broker",
          "write mqtt://host:1883, or mqtts://host:8883 for TLS",
        );
      } else if (port === undefined) {
        complain("the address has no port", `write ${scheme}://${host}:${usualPorts[scheme]}`);
      } else if (!isPort(port)) {
        complain(
          "the port must be a number from 1 to 65535",
          `write ${scheme}://${host}:${usualPorts[scheme]}`,
        );
      }
    }),
);

/** Is it a port that can be connected to? */
export function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/** Ports of other services: browsers and `fetch` open no http there (fetch.spec.whatwg.org, 2.10, "port blocking"). */
const closedPorts: ReadonlySet<number> = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** Is it a port that neither browsers nor commands open a page on? */
export function isClosedToHttp(port: number): boolean {
  return closedPorts.has(port);
}

/** A server's address as it would be another way: names of hosts are the same in capitals. Of anything else what it says. */
export function addressOf(url: string): string {
  return url.startsWith("tcp:") && URL.canParse(url) ? new URL(url).href.toLowerCase() : url;
}

/** How a broker is logged in to; alike for gateway and collector. */
export interface BrokerLoginConfig {
  readonly username: string | null;
  readonly passwordFile: string | null;
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

/** A file that need not be named. */
export const optionalFile: () => z.ZodDefault<z.ZodNullable<z.ZodString>> = onDemand(() =>
  filePathSchema.nullable().default(null),
);

/** Validator of the names that a server of HTTP is reached by. */
export const httpNamesSchema: () => z.ZodDefault<z.ZodArray<z.ZodString>> = onDemand(() =>
  z
    .array(
      z
        .string()
        .max(253)
        .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, "a name alone, such as wind.example.com"),
    )
    .max(64)
    .default([])
    .describe(
      "Names that it is reached by, a proxy's in front of it included; any other is refused. Addresses, localhost and this machine's own name need no entry",
    ),
);

/** Validators of the keys of {@link BrokerLoginConfig}. */
export const brokerLoginShape: () => {
  readonly [Key in keyof BrokerLoginConfig]: z.ZodDefault<z.ZodNullable<z.ZodString>>;
} = onDemand(() => ({
  username: z
    .string()
    .max(256)
    .nullable()
    .default(null)
    .describe("User name at the broker; left out where the broker takes it from the client certificate"),
  passwordFile: optionalFile().describe(
    "File that holds the password (for a gateway, AURORA_MQTT_PASSWORD instead is possible)",
  ),
  caFile: optionalFile().describe("CA certificates (PEM) to trust instead of the system's"),
  certFile: optionalFile().describe("Client certificate (PEM)"),
  keyFile: optionalFile().describe("Key of the client certificate (PEM)"),
}));

/** Validator of the base topic. */
export const topicBaseSchema: () => z.ZodDefault<z.ZodString> = onDemand(() =>
  z
    .string()
    .regex(
      /^[^\s/+#][^\s+#]{0,126}[^\s/+#]$/,
      "must be a prefix of topics such as aurora/v1: no slash at its ends, no +, # or space",
    )
    .default(defaultBase)
    .describe("Prefix of every topic"),
);
