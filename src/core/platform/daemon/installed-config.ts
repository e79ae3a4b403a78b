/** A daemon's configuration on the machine that it is for: its values, and what is wrong with what they name. Starts nothing. */
import { hasErrorCode } from "../../contract/aurora-error.ts";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import type { Logger } from "../logger.ts";
import type { ReadConfig } from "./yaml-config.ts";

/** Where the configuration is, and what changes it. */
export interface ConfigSource {
  readonly configPath: string;
  /** Folder of the installation: `models` in a configuration is the one in there. Absolute. */
  readonly installationDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Paths of the installation are resolved in `config`. */
export interface InstalledConfig<T> extends ReadConfig<T> {
  /** What is wrong with the files, folders and bundles that it names. */
  check(): Promise<ConfigFinding[]>;
  /** What it may say, and probably does not mean. */
  warnings(): readonly ConfigFinding[];
  /** What the files that it names will lead to, though they can be used now. */
  fileWarnings(): Promise<readonly ConfigFinding[]>;
}

/** Errors of a start that a mistake in the configuration explains. */
const ofConfiguration = [
  "CONFIG_INVALID",
  "DATA_MISSING",
  "KEY",
  "BUNDLE_FORMAT",
  "BUNDLE_DIGEST",
  "BUNDLE_SIGNATURE",
] as const;

/** What is started, and with what in its log. */
interface ConfiguredStart<T> {
  readonly logger: Logger;
  /** Starts it in spite of what is wrong with the files, folders and bundles that the configuration names, or rejects. */
  readonly start: (findings: readonly ConfigFinding[]) => Promise<T>;
}

/**
 * Starts a daemon. Where its configuration keeps it from starting, all that is wrong with that is said, line by line; where it
 * starts in spite of a mistake, the log says so: a lost key of one device is no reason not to watch the others.
 */
export async function startConfigured<T>(
  file: InstalledConfig<unknown>,
  { logger, start }: ConfiguredStart<T>,
): Promise<T> {
  const findings = await file.check();
  try {
    const started = await start(findings);
    const told = [...findings, ...file.warnings(), ...(await file.fileWarnings())];
    for (const { file: path, line, key, problem, write } of file.refuse(told).complaints) {
      logger.warn(`the configuration: ${key}: ${problem}`, {
        path,
        line,
        ...(write === null ? {} : { hint: write }),
      });
    }
    return started;
  } catch (error) {
    if (findings.length > 0 && ofConfiguration.some((code) => hasErrorCode(error, code)))
      throw file.refuse(findings);
    throw error;
  }
}
