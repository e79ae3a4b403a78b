/** What a process of the collector does, and whether several may do it together. */
import { AuroraError } from "../core/contract/aurora-error.ts";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import type { ConfigSource } from "../core/platform/daemon/installed-config.ts";
import type { Logger } from "../core/platform/logger.ts";
import { sqliteErrorKind } from "../core/platform/sqlite/sqlite-error.ts";
import type { FleetRecord } from "./record/fleet-record.ts";

/** `ingest` takes and stores what gateways send, `web` shows it, `all` both. */
export type CollectorRole = "all" | "ingest" | "web";

export interface DaemonOptions {
  readonly config: CollectorConfig;
  /** Where workers read the configuration. */
  readonly source: ConfigSource;
  readonly role: CollectorRole;
  /** Version of the runtime. */
  readonly version: string;
  readonly logger: Logger;
}

/** May processes share the record and the broker? */
export function isShared({ record, mqtt }: CollectorConfig): boolean {
  return record.kind === "postgres" && mqtt.url !== null;
}

/** Why there can be no workers, and no page without them. */
export function createRoleError(role: CollectorRole): AuroraError {
  return new AuroraError(
    "CONFIG_INVALID",
    `the role ${role} needs a record that processes share (record.kind: postgres) and a broker of its own (mqtt.url)`,
    {
      op: "start the collector",
      hint: "Configure both, or run the collector with `--role all`, which stores and shows in one process.",
    },
  );
}

/**
 * Resolves when the record has answered, also with a refusal: a database that is down is not mended by starting again. One that is
 * corrupted is, so that of its answer nothing is heard.
 */
export async function awaitAnswer(record: Pick<FleetRecord, "check">): Promise<void> {
  try {
    await record.check();
  } catch (error) {
    if (sqliteErrorKind(error) === "corrupt") await new Promise<never>(() => {});
  }
}
