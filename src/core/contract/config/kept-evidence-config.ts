/** What a collector does with raw evidence: where it is kept, how much of it, and who may ask for more. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { filePathSchema as file, optionalFile } from "./config-parts.ts";

/** A bucket of a server that speaks the protocol of S3. */
export interface EvidenceBucketConfig {
  /** Address of the server, without a path. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** What every name in the bucket begins with; empty, or with a slash at its end. */
  readonly prefix: string;
  /** `endpoint/bucket/name` rather than `bucket.endpoint/name`. */
  readonly pathStyle: boolean;
  readonly accessKeyIdFile: string;
  readonly secretAccessKeyFile: string;
  /** Authority of the server's certificate; null: the system's. */
  readonly caFile: string | null;
  /** A request that takes longer is given up. */
  readonly timeoutSeconds: number;
}

export interface KeptEvidenceConfig {
  /** Folder for raw evidence; null: `evidence` in the state folder. */
  readonly dir: string | null;
  /** Null: it is kept in the folder. */
  readonly s3: EvidenceBucketConfig | null;
  /** Of all of it; references go before requests before alarms. */
  readonly maxBytes: number;
  readonly days: number;
  /** May whoever reaches the API ask gateways for raw samples? */
  readonly requests: boolean;
}

const bucketSchema = onDemand(() =>
  z
    .strictObject({
      endpoint: z
        .string()
        .max(512)
        .regex(/^https?:\/\/[^\s/?#@]+$/, "https://host:port, without a path and without credentials")
        .describe("Address of the server: https://s3.eu-central-1.amazonaws.com, or one of your own"),
      region: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "small letters, digits and dashes, at most 64: eu-central-1")
        .default("us-east-1")
        .describe(
          "Region of the bucket, which requests are signed for; most servers of one's own take the default",
        ),
      bucket: z
        .string()
        .regex(
          /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
          "3 to 63 small letters, digits, dots and dashes; begins and ends with a letter or digit",
        )
        .describe("Name of the bucket, which must be there"),
      prefix: z
        .string()
        .regex(/^([A-Za-z0-9_=-][A-Za-z0-9._=-]{0,127}\/){0,8}$/, "empty, or folders with a slash at the end")
        .default("")
        .describe("What every name in the bucket begins with, for example aurora/"),
      pathStyle: z
        .boolean()
        .default(true)
        .describe("Ask for endpoint/bucket/name (true) or for bucket.endpoint/name (false)"),
      accessKeyIdFile: file.describe("File that holds the id of the access key; read at every request"),
      secretAccessKeyFile: file.describe("File that holds the secret access key; read at every request"),
      caFile: optionalFile().describe("Authority (PEM) of the server's certificate instead of the system's"),
      timeoutSeconds: z
        .number()
        .min(1)
        .max(300)
        .default(20)
        .describe("A request to the bucket that takes longer is given up, and tried again later"),
    })
    .refine(
      ({ endpoint, pathStyle }) => pathStyle || !/^https?:\/\/([\d.]+|\[.*)(:\d+)?$/.test(endpoint),
      "pathStyle: false needs an endpoint with a name, which the bucket's is put before",
    )
    .refine(({ endpoint, caFile }) => caFile === null || endpoint.startsWith("https:"), {
      path: ["caFile"],
      error: "no authority is asked for over http://, which is not encrypted: write https:// in endpoint",
    }),
);

export const keptEvidenceSchema: () => z.ZodType<KeptEvidenceConfig, unknown> = onDemand(() =>
  z.strictObject({
    dir: optionalFile().describe(
      "Folder for raw evidence that gateways send; null: evidence in the state folder",
    ),
    s3: bucketSchema()
      .nullable()
      .default(null)
      .describe(
        "Bucket for raw evidence instead of the folder, in which it is then only put together; needs the rights to put, get and delete objects",
      ),
    maxBytes: z
      .int()
      .min(1_048_576)
      .max(1e15)
      .default(10_737_418_240)
      .describe(
        "Bytes of raw evidence that are kept; references go before requests before alarms, the oldest of each first",
      ),
    days: z.number().min(1).max(3650).default(730).describe("Days that raw evidence is kept"),
    requests: z
      .boolean()
      .default(false)
      .describe(
        "May whoever reaches the page and the API ask gateways for raw samples? Each gateway has to permit it as well",
      ),
  }),
);
