/**
 * The list of an enrolment, `enrolled.json`: which gateways there are, of which site, and digests of what they log in with.
 * `aurora fleet` writes it; a collector that uses another broker reads of which site each gateway may speak.
 */
import { z } from "zod";
import { onDemand } from "./on-demand.ts";
import type { ShapeOf } from "./shape-of.ts";
import { idPattern } from "./topics.ts";

/** A gateway that was enrolled. */
export interface EnrolledEntry {
  readonly id: string;
  /** Site whose turbines it may speak of; null: of any. */
  readonly site: string | null;
  /** Ids of its devices that speak MQTT themselves. */
  readonly devices: readonly string[];
  /** Topics of an existing SCADA bridge that it may read. */
  readonly readTopics: readonly string[];
}

/** Somebody who only reads alerts and states: an operator, a SCADA system. */
export interface EnrolledReader {
  readonly id: string;
  /** Site whose turbines it may read of; null: of all. */
  readonly site: string | null;
}

/** What a broker checks a password against. */
export interface UserDigest {
  readonly name: string;
  /** Field of a mosquitto password file. */
  readonly mosquitto: string;
  /** SHA-256 of salt and password, and the salt, in hexadecimal digits. */
  readonly emqx: { readonly hash: string; readonly salt: string };
}

export interface Enrolment {
  readonly version: 1;
  readonly base: string;
  /** Host of the broker whose clients have certificates; null: they have passwords. */
  readonly tlsHost: string | null;
  readonly gateways: readonly EnrolledEntry[];
  /** Absent in older lists. */
  readonly readers?: readonly EnrolledReader[] | undefined;
  /** Of collector, gateways, devices and readers, where they have passwords. */
  readonly users: readonly UserDigest[];
  /** Ids that were struck, which nobody may have again; absent in older lists. */
  readonly revoked?: readonly string[] | undefined;
  /** Which of them were gateways, and of which site: of these it is said that they are offline. Absent in older lists. */
  readonly revokedGateways?: readonly Pick<EnrolledEntry, "id" | "site">[] | undefined;
}

/** Bytes of the list of a hundred thousand gateways with a device each. */
export const maxEnrolmentBytes: number = 128 * 1024 * 1024;

const id = z.string().regex(idPattern);
const entrySites = onDemand(() => z.object({ id, site: id.nullable() }));

/** The whole list. */
export const enrolmentSchema: () => z.ZodType<Enrolment> = onDemand(() =>
  z.object({
    version: z.literal(1),
    base: z.string(),
    tlsHost: z.string().nullable(),
    gateways: z.array(entrySites().extend({ devices: z.array(id), readTopics: z.array(z.string()) })),
    readers: z.array(entrySites()).optional(),
    users: z.array(
      z.object({
        name: z.string(),
        mosquitto: z.string(),
        emqx: z.object({ hash: z.string(), salt: z.string() }),
      }),
    ),
    revoked: z.array(id).optional(),
    revokedGateways: z.array(entrySites()).optional(),
  } satisfies ShapeOf<Enrolment>),
);

/** No more of it than of which site each gateway may speak, and which were struck. */
export const enrolledSitesSchema: () => z.ZodType<{
  readonly gateways: readonly Pick<EnrolledEntry, "id" | "site">[];
  readonly revokedGateways?: readonly Pick<EnrolledEntry, "id" | "site">[] | undefined;
}> = onDemand(() =>
  z.object({
    version: z.literal(1),
    gateways: z
      .array(entrySites())
      .refine((all) => new Set(all.map((one) => one.id)).size === all.length, "a gateway is in it twice"),
    revokedGateways: z.array(entrySites()).optional(),
  }),
);
