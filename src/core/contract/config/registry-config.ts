/** What a collector serves to gateways as updates, and who may add to it. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { filePathSchema as file, idSchema as id, optionalFile, trustedKeysSchema } from "./config-parts.ts";

/** Who may publish bundles over the API of a running collector. */
interface PublisherConfig {
  /** What the record of publications calls them. */
  readonly name: string;
  /** Their public key (PEM). */
  readonly keyFile: string;
  /** Models that they may publish: names, or beginnings that end in `*`. */
  readonly models: readonly string[];
}

export interface RegistryConfig {
  /** Folder of the TUF keys of this installation, or null: no updates are served. */
  readonly keysDir: string | null;
  /** Bundle folders, or folders of them: offered to gateways where there are keys, and known for assessing drift. */
  readonly publish: readonly string[];
  readonly trustedKeys: readonly string[];
  /** Who may publish over the API; none: nobody. */
  readonly publishers: readonly PublisherConfig[];
}

const publisherSchema: () => z.ZodType<PublisherConfig> = onDemand(() =>
  z.strictObject({
    name: id.describe("What the record of publications calls this publisher"),
    keyFile: file.describe("Its public key, PEM (`aurora keys publisher`)"),
    models: z
      .array(
        z
          .string()
          .regex(
            /^(\*|[a-z0-9][a-z0-9-]{0,62}\*?)$/,
            "the name of a model, or its beginning and *: bearing-*",
          ),
      )
      .min(1)
      .max(64)
      .describe("Models that it may publish: names, or beginnings that end in *"),
  }),
);

/** Validator of {@link RegistryConfig}. */
export const registrySchema: () => z.ZodType<RegistryConfig, object> = onDemand(() =>
  z
    .strictObject({
      keysDir: optionalFile().describe("TUF keys of this installation (`aurora keys init`)"),
      publish: z
        .array(file)
        .max(64)
        .default([])
        .describe(
          "Bundle folders: offered to gateways where there are keysDir, and known for assessing drift, as the models of the installation are",
        ),
      trustedKeys: trustedKeysSchema(),
      publishers: z
        .array(publisherSchema())
        .max(32)
        .default([])
        .describe("Who may publish bundles over the API (`aurora bundle publish`); none: nobody may"),
    })
    .superRefine(({ keysDir, publishers }, context) => {
      const complain = (path: (string | number)[], message: string, write: string): void =>
        context.addIssue({ code: "custom", path, message, params: { write } });
      if (publishers.length > 0 && keysDir === null) {
        complain(
          ["keysDir"],
          "publishers need a repository that they publish to",
          "name the folder that `aurora keys init` made",
        );
      }
      for (const [index, { name }] of publishers.entries()) {
        if (publishers.findIndex((other) => other.name === name) < index) {
          complain(
            ["publishers", index, "name"],
            `there are two publishers called ${name}`,
            "give each a name",
          );
        }
      }
    }),
);
