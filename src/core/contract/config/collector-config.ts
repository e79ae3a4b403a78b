/** The configuration of a collector: one YAML file, every key described, secrets only in files or the environment. */

import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import {
  type BrokerLoginConfig,
  brokerLoginShape,
  brokerUrlSchema,
  filePathSchema as file,
  httpNamesSchema,
  optionalFile,
  topicBaseSchema,
} from "./config-parts.ts";
import { type EmbeddedBrokerConfig, embeddedBrokerSchema } from "./embedded-broker-config.ts";
import { type IngestConfig, ingestSchema } from "./ingest-config.ts";
import { type KeptEvidenceConfig, keptEvidenceSchema } from "./kept-evidence-config.ts";
import { type KeptPredictionsConfig, keptPredictionsSchema } from "./kept-predictions-config.ts";
import { type RegistryConfig, registrySchema } from "./registry-config.ts";

export interface CollectorConfig {
  readonly collector: {
    readonly stateDir: string;
    readonly httpHost: string;
    readonly httpPort: number;
    /** By which it is asked, besides addresses and this machine's own name. */
    readonly httpNames: readonly string[];
  };
  readonly mqtt: BrokerLoginConfig & {
    /** Broker to use; null: the embedded one. */
    readonly url: string | null;
    readonly base: string;
    /** File with the key that the gateways' keys of acknowledgements are derived from; null: none is sealed. */
    readonly enrolmentKeyFile: string | null;
    /** The list of the enrolment: whose turbines a gateway may speak of; null: with another broker all of any. */
    readonly enrolledFile: string | null;
    readonly embedded: EmbeddedBrokerConfig;
  };
  readonly record: {
    /** `sqlite`: a file below `collector.stateDir`. */
    readonly kind: "sqlite" | "postgres";
    /** Of the server; null for a file. */
    readonly url: string | null;
    readonly passwordFile: string | null;
    /** Is the connection TLS? With a {@link caFile} it is. */
    readonly tls: boolean;
    readonly caFile: string | null;
    /** At once, of each process. */
    readonly connections: number;
    readonly statementTimeoutSeconds: number;
  };
  readonly ingest: IngestConfig;
  readonly registry: RegistryConfig;
  readonly drift: {
    /** Length of a period of assessment, s; divides a day. */
    readonly periodSeconds: number;
    /** Probability that a healthy point's day is called drift. */
    readonly falsePerPointDay: number;
    /** The same of a warning. */
    readonly warningsPerPointDay: number;
    readonly learnDays: number;
    /** Share of false ones among the points that people are told of in one period, 0 to 1. */
    readonly fleetFalseShare: number;
    readonly verdictDays: number;
  };
  readonly evidence: KeptEvidenceConfig;
  readonly predictions: KeptPredictionsConfig;
  readonly retentionDays: number;
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" };
}

/** Its host with the port, and what follows from the `?` on: that is found here so that the refusal can say what to write instead. */
const recordUrl = /^postgres(?:ql)?:\/\/[^\s/:@?]+@([^\s/@?]+)\/[^\s/?]+(\?\S*)?$/;

const recordSchema = onDemand(() =>
  z
    .strictObject({
      kind: z
        .enum(["sqlite", "postgres"])
        .default("sqlite")
        .describe(
          "What the fleet's record is kept in: a file in stateDir, or a PostgreSQL server (15 or later)",
        ),
      url: z
        .string()
        .max(2_048)
        .regex(recordUrl, "postgres://user@host:5432/database, without a password")
        .superRefine((url, context) => {
          const [, host = "", query] = recordUrl.exec(url) ?? [];
          const complain = (message: string, write: string): void =>
            context.addIssue({ code: "custom", message, params: { write } });
          if (host.includes(",")) {
            complain(
              "lists of hosts are not read",
              "write the one address that leads to the primary: a floating address, a DNS name or a pooler's",
            );
          } else if (query !== undefined) {
            complain(
              "the address has parameters",
              "leave out what follows the `?`, and write passwordFile, tls, caFile and statementTimeoutSeconds",
            );
          } else if (host !== "" && !URL.canParse(url)) {
            complain("this host or port cannot be", "write postgres://user@host:5432/database");
          }
        })
        .nullable()
        .default(null)
        .describe("Address of the server's database: postgres://user@host:5432/database"),
      passwordFile: optionalFile().describe("File that holds the password at the server"),
      tls: z.boolean().default(false).describe("TLS to the server, whose certificate is checked"),
      caFile: optionalFile().describe(
        "Authority (PEM) of the server's certificate instead of the system's; with it tls is on",
      ),
      connections: z
        .int()
        .min(2)
        .max(64)
        .default(6)
        .describe(
          "Connections of each process to the server, at most; twice as many with the embedded broker",
        ),
      statementTimeoutSeconds: z
        .number()
        .min(1)
        .max(600)
        .default(20)
        .describe("The server ends a statement that takes longer"),
    })
    .refine(
      ({ kind, url }) => (kind === "postgres") === (url !== null),
      "kind: postgres needs a url, kind: sqlite has none",
    ),
);

/** Validator (and source of the JSON schema) of {@link CollectorConfig}. */
export const collectorConfigSchema: () => z.ZodType<CollectorConfig> = onDemand(() =>
  z.strictObject({
    collector: z
      .strictObject({
        stateDir: file
          .default("/var/lib/aurora/collector")
          .describe("Folder for the database and the registry"),
        httpHost: z.string().min(1).max(255).default("127.0.0.1").describe("Address of the page and the API"),
        httpPort: z
          .int()
          .min(0)
          .max(65535)
          .default(8080)
          .describe("Port of the page and the API; 0 picks a free one"),
        httpNames: httpNamesSchema(),
      })
      .prefault({}),
    mqtt: z
      .strictObject({
        url: brokerUrlSchema()
          .nullable()
          .default(null)
          .describe("Broker to use; null starts the embedded one"),
        base: topicBaseSchema(),
        ...brokerLoginShape(),
        enrolmentKeyFile: optionalFile().describe(
          "Key of the enrolment (`aurora fleet enrol`): acknowledgements are sealed for each gateway",
        ),
        enrolledFile: optionalFile().describe(
          "List of the enrolment (enrolled.json of `aurora fleet enrol`), read again when it changes: a gateway only speaks of its site, and one that is not in it is refused",
        ),
        embedded: embeddedBrokerSchema().prefault({}),
      })
      .refine(
        ({ url, enrolledFile }) => url !== null || enrolledFile === null,
        "enrolledFile needs a url: gateways of the embedded broker have their sites in embedded.gateways",
      )
      .prefault({}),
    record: recordSchema().prefault({}),
    ingest: ingestSchema().prefault({}),
    registry: registrySchema().prefault({}),
    drift: z
      .strictObject({
        periodSeconds: z
          .int()
          .min(10)
          .max(86_400)
          .refine((seconds) => 86_400 % seconds === 0, "must divide a day (86400 s)")
          .default(86_400)
          .describe(
            "Length of the period in which a point is assessed once; shorter than a day for demonstrations",
          ),
        falsePerPointDay: z
          .number()
          .min(1e-6)
          .max(0.1)
          .default(0.001)
          .describe("Probability that a day of a healthy point is called drift"),
        warningsPerPointDay: z
          .number()
          .min(1e-6)
          .max(0.5)
          .default(0.01)
          .describe("Probability that it is called a warning or drift"),
        learnDays: z
          .int()
          .min(5)
          .max(90)
          .default(14)
          .describe("Periods that a point's own reference is learnt from"),
        fleetFalseShare: z
          .number()
          .gt(0)
          .max(0.5)
          .default(0.1)
          .describe("Share of false ones among the points of a period that events tell of, on average"),
        verdictDays: z
          .number()
          .min(7)
          .max(3650)
          .default(730)
          .describe("Days that verdicts are kept, with events that are evidence and steps of updates"),
      })
      .refine(
        ({ falsePerPointDay, warningsPerPointDay }) => falsePerPointDay <= warningsPerPointDay,
        "falsePerPointDay must not be above warningsPerPointDay",
      )
      .prefault({}),
    evidence: keptEvidenceSchema().prefault({}),
    predictions: keptPredictionsSchema().prefault({}),
    retentionDays: z
      .number()
      .min(1)
      .max(3650)
      .default(90)
      .describe(
        "Days that predictions, sketches of drift and events are kept, but for events that are evidence; in PostgreSQL more than 1000 want max_locks_per_transaction of 256 or more at the server",
      ),
    log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") }).prefault({}),
  }),
);
