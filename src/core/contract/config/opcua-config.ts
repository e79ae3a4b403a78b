/** `opcua` of a gateway's configuration: OPC UA servers that SCADA values are read from. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import type { ConfigFinding } from "./config-finding.ts";
import { filePathSchema, isPort, optionalFile } from "./config-parts.ts";
import { mappedIdSchema, type ScaledChannel, scaledChannelShape } from "./scaled-channel.ts";

/** One variable of an OPC UA server. */
export interface OpcUaChannelConfig extends ScaledChannel {
  /** `nsu=urn:vendor:turbines;s=WT01.ActivePower`, or `ns=2;s=WT01.ActivePower`. */
  readonly node: string;
}

/** What an OPC UA server says of a turbine. */
interface OpcUaTurbineConfig {
  readonly turbine: string;
  readonly channels: readonly OpcUaChannelConfig[];
}

/** An OPC UA server. */
export interface OpcUaConfig {
  readonly url: string;
  readonly security: "none" | "sign" | "sign-and-encrypt";
  readonly policy: "Basic256Sha256" | "Aes128_Sha256_RsaOaep" | "Aes256_Sha256_RsaPss";
  /** This gateway's own certificate and its key. */
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Certificates of servers, or of authorities, whose servers must be the host in `url`; every other one is refused. */
  readonly trustFiles: readonly string[];
  readonly username: string | null;
  readonly passwordFile: string | null;
  /** Ignored, and warned of: a reading is of the moment at which it is told. */
  readonly time?: "source" | "server" | "arrival" | undefined;
  readonly everySeconds: number;
  readonly timeoutSeconds: number;
  readonly turbines: readonly OpcUaTurbineConfig[];
}

const urlPattern = /^opc\.tcp:\/\/[^\s/@]{1,255}(\/\S{0,255})?$/;

function checkPort(url: string, context: z.RefinementCtx): void {
  const [, host, port, path = ""] = /^opc\.tcp:\/\/(\[[^\]]*\]|[^:/]*)(?::([^/]*))?(\/.*)?$/.exec(url) ?? [];
  // Of what is no address at all one complaint is enough.
  if (host === undefined || !urlPattern.test(url) || (port !== undefined && isPort(port))) return;
  const message =
    port === undefined ? "the address has no port" : "the port must be a number from 1 to 65535";
  const write = `write opc.tcp://${host}:4840${path}, or the port that the server's manual names`;
  context.addIssue({ code: "custom", message, params: { write } });
}

const nodePattern = /^(?:nsu=[^;\s]{1,255};|ns=(\d{1,5});)?([isgb])=(.{1,1024})$/;

/** Part 6 of OPC UA, 5.3.1.10: a namespace of 16 bits; a number of 32 bits, a text, a GUID or bytes in base64. */
function checkNode(node: string, context: z.RefinementCtx): void {
  const [, namespace = "0", kind, id = ""] = nodePattern.exec(node) ?? [];
  const complain = (message: string, write: string): void =>
    context.addIssue({ code: "custom", message, params: { write } });
  if (Number(namespace) > 65_535)
    complain(
      "the number of a namespace is 0 to 65535",
      "write the one that the server's list of namespaces has",
    );
  if (kind === "i" && !(/^\d{1,10}$/.test(id) && Number(id) <= 4_294_967_295))
    complain("the number of a node is 0 to 4294967295", "write s= in front of a name");
  if (kind === "g" && !/^[\dA-Fa-f]{8}(-[\dA-Fa-f]{4}){3}-[\dA-Fa-f]{12}$/.test(id))
    complain("this is no GUID", "write it as 00112233-4455-6677-8899-aabbccddeeff");
  if (kind === "b" && !/^([A-Za-z\d+/]{4})*([A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(id))
    complain("these are no bytes in base64", "fill them up with = to a multiple of four letters");
}

/** Validator of {@link OpcUaConfig}, as many as there are servers. */
export const opcuaSchema: () => z.ZodType<readonly OpcUaConfig[], unknown> = onDemand(() =>
  z
    .array(
      z.strictObject({
        url: z
          .string()
          .regex(urlPattern, "opc.tcp://HOST:PORT/PATH, mostly port 4840")
          .superRefine(checkPort)
          .describe("The server: opc.tcp://HOST:PORT/PATH, mostly port 4840"),
        security: z
          .enum(["none", "sign", "sign-and-encrypt"])
          .default("sign-and-encrypt")
          .describe(
            "How messages are protected; none: whoever reaches the network can answer in the server's name",
          ),
        policy: z
          .enum(["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"])
          .default("Basic256Sha256")
          .describe("Security policy, unless security is none"),
        certFile: optionalFile().describe(
          "This gateway's certificate (PEM), with its application URI as alternative name; the server must trust it",
        ),
        keyFile: optionalFile().describe("Key of that certificate (PEM)"),
        trustFiles: z
          .array(filePathSchema)
          .max(16)
          .default([])
          .describe(
            "Certificates (PEM) of the server, or of the authority that signed it itself, which must have issued it for a server at the host in url; every other server is refused",
          ),
        username: z.string().min(1).max(256).nullable().default(null).describe("User; null: anonymous"),
        passwordFile: optionalFile().describe("File that holds the user's password"),
        time: z
          .enum(["source", "server", "arrival"])
          .optional()
          .describe("Ignored: a reading is of the moment at which it is told; leave it out"),
        everySeconds: z
          .number()
          .min(1)
          .max(3600)
          .default(10)
          .describe(
            "Seconds between two readings of a channel; the server is asked to sample twice as often",
          ),
        timeoutSeconds: z
          .number()
          .min(1)
          .max(60)
          .default(10)
          .describe("Seconds that each answer may take; each step of connecting three times as long"),
        turbines: z
          .array(
            z.strictObject({
              turbine: mappedIdSchema.describe("Turbine that it speaks of"),
              channels: z
                .array(
                  z.strictObject({
                    ...scaledChannelShape(),
                    node: z
                      .string()
                      .regex(nodePattern, "nsu=URI;s=NAME, ns=2;s=NAME, ns=2;i=NUMBER")
                      .superRefine(checkNode)
                      .describe(
                        "Node id of the variable: nsu=urn:vendor:turbines;s=WT01.ActivePower, or ns=2;s=WT01.ActivePower of a server whose namespaces keep their numbers",
                      ),
                  }),
                )
                .min(1)
                .max(256),
            }),
          )
          .min(1)
          .max(256)
          .describe("Turbines of the server"),
      }),
    )
    .max(64)
    .default([])
    .describe(
      "OPC UA servers that SCADA values are read from (needs the optional package node-opcua-client)",
    ),
);

/** Servers that nobody could trust, and passwords that would travel in the clear. */
export function checkOpcUa(opcua: readonly OpcUaConfig[]): ConfigFinding[] {
  return opcua.flatMap((server, at) => {
    const { security, certFile, keyFile, trustFiles, username, passwordFile } = server;
    const find = (key: string, problem: string, write: string): ConfigFinding => {
      return { path: ["opcua", at, key], problem, write };
    };
    const findings: ConfigFinding[] = [];
    if (security === "none") {
      if (username !== null) {
        const problem = "a password would travel in the clear";
        findings.push(find("security", problem, "write sign-and-encrypt, or leave out username"));
      }
    } else {
      if (certFile === null || keyFile === null) {
        const missing = certFile === null ? "certFile" : "keyFile";
        const write = "name this gateway's certificate and its key, or write security: none";
        findings.push(find(missing, `security ${security} needs a certificate and its key`, write));
      }
      if (trustFiles.length === 0) {
        const write = "name the server's certificate, copied from the server itself";
        findings.push(find("trustFiles", "no server is trusted", write));
      }
    }
    if ((username === null) !== (passwordFile === null)) {
      const missing = username === null ? "username" : "passwordFile";
      findings.push(
        find(missing, "a user needs a password, and a password its user", `write ${missing} as well`),
      );
    }
    return findings;
  });
}

/** Messages that others can change on their way, and a key that nothing reads. */
export function warnOfOpcUa(opcua: readonly OpcUaConfig[]): readonly ConfigFinding[] {
  return opcua.flatMap(({ security, time }, at) => {
    const findings: ConfigFinding[] = [];
    if (security === "none") {
      const problem = "whoever reaches the network between can answer in the server's name";
      const write = "write sign-and-encrypt where the server can";
      findings.push({ path: ["opcua", at, "security"], problem, write });
    }
    if (time !== undefined) {
      const problem = "nothing reads this: a reading is of the moment at which it is told";
      findings.push({ path: ["opcua", at, "time"], problem, write: "leave it out" });
    }
    return findings;
  });
}
