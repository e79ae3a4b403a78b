/**
 * Of whose turbines gateways may speak: as the configuration says for the embedded broker, or as the list of an enrolment
 * (`aurora fleet enrol`) does, which is read again when it has changed.
 */
import { stat } from "node:fs/promises";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { CollectorConfig } from "../../core/contract/config/collector-config.ts";
import type { EnrolledGateway } from "../../core/contract/config/embedded-broker-config.ts";
import { enrolledSitesSchema, maxEnrolmentBytes } from "../../core/contract/enrolment.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";
import type { Logger } from "../../core/platform/logger.ts";

/** The site whose turbines a gateway may speak of; undefined: of any, null: of none, since it is not enrolled. */
export type GatewaySites = Pick<ReadonlyMap<string, string | null>, "get">;

/** What is known of all gateways. */
export interface EnrolledSites extends GatewaySites {
  /** May any gateway speak of it? */
  hasSite(site: string): boolean;
  /** Was it struck from the list, so that nobody has its id any more? */
  isRevoked(gateway: string): boolean;
  /** Reads the list again if it has changed; one that cannot be used changes nothing, and is told of once. */
  refresh(): Promise<void>;
}

/** How often it is looked at whether the list has changed, or another file that is read again. */
export const fileScanMs = 30_000;
/** @throws AuroraError CONFIG_INVALID for a list of an enrolment that cannot be used */
export async function openGatewaySites(
  { mqtt: { enrolledFile, embedded } }: CollectorConfig,
  logger: Logger,
): Promise<EnrolledSites> {
  if (enrolledFile === null) {
    const sites = gatewaySites(embedded.gateways);
    return {
      get: (gateway) => sites.get(gateway),
      hasSite: () => true,
      isRevoked: () => false,
      refresh: async () => {},
    };
  }
  // Looked at first: what is written while it is read is read again.
  let seen = await markOf(enrolledFile);
  let list = await readList(enrolledFile);
  let isBad = false;
  return {
    get: (gateway) => {
      const site = list.sites.get(gateway);
      if (site === undefined) return null;
      return site ?? undefined;
    },
    hasSite: (site) => list.isAnySite || list.named.has(site),
    isRevoked: (gateway) => list.revoked.has(gateway),
    refresh: async () => {
      const mark = await markOf(enrolledFile);
      if (mark !== null && mark === seen) return;
      try {
        list = await readList(enrolledFile);
        seen = mark;
        isBad = false;
        logger.info("the list of enrolled gateways was read", { gateways: list.sites.size });
      } catch (error) {
        seen = null;
        if (!isBad)
          logger.error("the list of enrolled gateways cannot be used; the one before holds", { error });
        isBad = true;
      }
    },
  };
}

/** Says at the start what another broker's gateways may do. */
export function warnOfAnySite({ mqtt }: CollectorConfig, logger: Logger): void {
  if (mqtt.url === null || mqtt.enrolledFile !== null) return;
  logger.warn("any gateway of the broker may speak of the turbines of any site", {
    hint: "Name the enrolled.json that `aurora fleet enrol` writes in mqtt.enrolledFile.",
  });
}

/** The sites of the gateways that are bound to one. */
export function gatewaySites(gateways: readonly EnrolledGateway[]): ReadonlyMap<string, string> {
  return new Map(gateways.flatMap(({ id, site }) => (site === null ? [] : [[id, site]])));
}

interface EnrolledList {
  /** By the id of a gateway; null: it may speak of any. */
  readonly sites: ReadonlyMap<string, string | null>;
  readonly named: ReadonlySet<string>;
  readonly revoked: ReadonlySet<string>;
  /** Is there a gateway that may speak of any? */
  readonly isAnySite: boolean;
}

async function readList(path: string): Promise<EnrolledList> {
  const op = "read enrolled gateways";
  const hint = "`aurora fleet enrol` writes it (enrolled.json); this user must be able to read it.";
  const errors = { missing: "CONFIG_INVALID", tooLarge: "CONFIG_INVALID", op, hint } as const;
  const parsed = enrolledSitesSchema().safeParse(
    parseJsonBytes(await readFileBounded(path, maxEnrolmentBytes, errors)),
  );
  if (!parsed.success) {
    const message = `${path} is not a list of enrolled gateways`;
    throw new AuroraError("CONFIG_INVALID", message, { op, subject: path, hint, cause: parsed.error });
  }
  const sites = new Map(parsed.data.gateways.map(({ id, site }) => [id, site]));
  const named = new Set([...sites.values()].filter((site) => site !== null));
  const revoked = new Set(parsed.data.revokedGateways?.map(({ id }) => id));
  return { sites, named, revoked, isAnySite: [...sites.values()].includes(null) };
}

/** What changes with the file; null: it is not there, or cannot be seen, which whoever reads it is told. */
async function markOf(path: string): Promise<string | null> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return null;
  }
}
