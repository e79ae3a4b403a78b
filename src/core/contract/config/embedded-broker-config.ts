/** The broker that a collector has of its own: where it listens, with TLS or without, and who may connect. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import { idSchema as id, optionalFile } from "./config-parts.ts";

/** A gateway that may connect to the embedded broker. */
export interface EnrolledGateway {
  readonly id: string;
  /** Site whose turbines it may speak of; null: of any. */
  readonly site: string | null;
  /** Null: its certificate says who it is. */
  readonly passwordFile: string | null;
}

/** A device that speaks MQTT itself; its user name is `<gateway>/<id>`. */
interface EnrolledDevice {
  readonly gateway: string;
  readonly id: string;
  /** Null: its certificate says who it is. */
  readonly passwordFile: string | null;
}

export interface EmbeddedBrokerConfig {
  readonly host: string;
  readonly port: number;
  /** Certificate and key of the broker; null: its connections are not encrypted. */
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Authority of clients' certificates, which each then needs; null: none is asked for. */
  readonly caFile: string | null;
  readonly anonymousRead: boolean;
  readonly maxPacketBytes: number;
  readonly gateways: readonly EnrolledGateway[];
  readonly devices: readonly EnrolledDevice[];
}

const password = optionalFile().describe(
  "File that holds its password; with caFile its certificate is needed as well. Null: the certificate alone, whose common name is its user name (needs caFile)",
);

/** Validator of {@link EmbeddedBrokerConfig}. */
export const embeddedBrokerSchema: () => z.ZodType<EmbeddedBrokerConfig, object> = onDemand(() =>
  z
    .strictObject({
      host: z.string().min(1).max(255).default("127.0.0.1").describe("Address of the embedded broker"),
      port: z.int().min(0).max(65535).default(1883).describe("Its port; 0 picks a free one"),
      certFile: optionalFile().describe(
        "Its certificate (PEM; `aurora keys server`): its connections are TLS then, and keyFile is needed",
      ),
      keyFile: optionalFile().describe("Key of its certificate (PEM)"),
      caFile: optionalFile().describe(
        "Authority (PEM) of the clients' certificates, which every client then needs, one with a passwordFile besides its password; the common name is the user name",
      ),
      anonymousRead: z
        .boolean()
        .default(false)
        .describe(
          "May anyone who reaches it subscribe to alerts and states (never publish)? A guest has 50 filters: one with `+` serves all turbines",
        ),
      maxPacketBytes: z
        .int()
        .min(1024)
        .max(16_777_216)
        .default(1_048_576)
        .describe("Larger messages are cut off"),
      gateways: z
        .array(
          z.strictObject({
            id: id.describe("Id of the gateway, which is its user name"),
            site: id.nullable().default(null).describe("Site whose turbines it may speak of; null: of any"),
            passwordFile: password,
          }),
        )
        .max(10_000)
        .default([])
        .describe("Gateways that may connect, each login with sixteen connections at most"),
      devices: z
        .array(
          z.strictObject({
            gateway: id.describe("Gateway that it belongs to"),
            id: id.describe("Id of the device; its user name is <gateway>/<id>"),
            passwordFile: password,
          }),
        )
        .max(10_000)
        .default([])
        .describe("Devices that speak MQTT themselves: each may only talk to its gateway"),
    })
    .superRefine(({ certFile, keyFile, caFile, gateways, devices }, context) => {
      const complain = (path: (string | number)[], message: string, write: string): void =>
        context.addIssue({ code: "custom", path, message, params: { write } });
      if ((certFile === null) !== (keyFile === null)) {
        const missing = certFile === null ? "certFile" : "keyFile";
        complain([missing], "certFile and keyFile belong together", `name ${missing} as well, or neither`);
      }
      if (caFile !== null && certFile === null) {
        complain(["certFile"], "clients show certificates over TLS alone", "name certFile and keyFile");
      }
      for (const [list, entries] of Object.entries({ gateways, devices })) {
        for (const [index, { passwordFile }] of entries.entries()) {
          if (passwordFile !== null || caFile !== null) continue;
          complain(
            [list, index, "passwordFile"],
            "without a password it needs a certificate",
            "name a passwordFile, or the authority of certificates in caFile",
          );
        }
      }
    }),
);
