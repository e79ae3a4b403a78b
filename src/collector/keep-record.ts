/**
 * Work on the record by the clock: thinning, pruning, verdicts of drift, and who published what; once, at the start, whether the raw
 * evidence that is listed is there. Of all that share a record one does it at a time.
 */
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { listCollectorFiles } from "../core/contract/config/configured-files.ts";
import { systemClock, systemTimers } from "../core/platform/clock.ts";
import type { Closers } from "../core/platform/daemon/closing.ts";
import { every, hourly } from "../core/platform/daemon/every.ts";
import { createFilesWatch, unfitFilesHelp } from "../core/platform/daemon/watch-files.ts";
import { nodeFileSystem } from "../core/platform/files/file-system.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import { believedFile, createClockTrust } from "./clock-trust.ts";
import type { CollectorEvidence } from "./compose-evidence.ts";
import { registryFolder } from "./compose-registry.ts";
import { createDriftJob } from "./fleet/drift-job.ts";
import type { FleetSource } from "./fleet/fleet-source.ts";
import { createLeasedWork } from "./leased-work.ts";
import type { FleetRecord } from "./record/fleet-record.ts";
import { ownName } from "./record/record-rules.ts";
import { expiryTimes, retentionPolicy } from "./record/retention-policy.ts";
import { createPublicationJournal } from "./registry/publication-journal.ts";
import { createTellPublications } from "./tell-publications.ts";
import { createThinByAge } from "./thin-by-age.ts";

interface KeepRecordOptions {
  readonly config: CollectorConfig;
  /** One that may be written. */
  readonly record: FleetRecord;
  readonly models: FleetSource["models"];
  readonly evidence: Pick<CollectorEvidence, "keep" | "makeRoom" | "compare">;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** How often the journal of publications is looked at. */
const tellEveryMs = 1_000;

/** Begins it; it ends with the closers. */
export function keepRecord(options: KeepRecordOptions, closers: Closers): void {
  const { config, record, models, evidence, metrics, logger } = options;
  const alone = createLeasedWork(record, logger);
  closers.add("leases", () => alone.close());
  const policy = retentionPolicy(config);
  const mayRemove = createClockTrust({
    path: believedFile(config),
    files: nodeFileSystem,
    clock: systemClock,
    logger,
  });
  const thinning = createThinByAge({
    record,
    policy: policy.predictions,
    hold: () => alone.hold("thin"),
    clock: systemClock,
    timers: systemTimers,
    metrics,
    logger,
  });
  closers.add(
    "thinning times",
    hourly(logger, async () => {
      if (await mayRemove()) await thinning.run();
    }),
  );
  closers.add("thinning", () => thinning.stop());
  const prune = async (): Promise<void> => {
    if (await mayRemove()) {
      await record.prune(expiryTimes(policy, systemClock.nowMs()));
      await evidence.keep();
    } else await evidence.makeRoom();
  };
  closers.add(
    "pruning",
    hourly(logger, () => alone.run("prune", prune)),
  );
  const ending = new AbortController();
  const compared = alone
    .run("compare evidence", () => evidence.compare(ending.signal))
    .catch((error: unknown) => logger.warn("it is not known whether raw evidence is all there", { error }));
  closers.add("evidence comparison", () => {
    ending.abort();
    return compared;
  });
  if (config.registry.keysDir !== null) {
    const journal = createPublicationJournal(registryFolder(config), nodeFileSystem);
    const tell = createTellPublications({ journal, record, clock: systemClock, logger });
    closers.add(
      "publications",
      every(tellEveryMs, logger, () => tell((work) => alone.run("publications", work))),
    );
  }
  const files = createFilesWatch(listCollectorFiles(config), {
    clock: systemClock,
    logger,
    tell: (name, subject, detail) => {
      const timeMs = systemClock.nowMs();
      return record.storeOwnEvent({ kind: "event", timeMs, name, subject, detail }, timeMs);
    },
    findToldMs: async (name, subject) => {
      const query = { gateway: ownName, name, search: subject, limit: 100, offset: 0 };
      const { items } = await record.events(query);
      return items.find((event) => event.subject === subject)?.timeMs ?? null;
    },
  });
  metrics.gauge({ name: "files_unfit", help: unfitFilesHelp }, () => files.unfit?.length ?? null);
  closers.add("files watch", hourly(logger, files.look));
  const drift = createDriftJob({
    record,
    models,
    config: config.drift,
    clock: systemClock,
    timers: systemTimers,
    metrics,
    logger,
  });
  closers.add(
    "drift times",
    every(drift.everyMs, logger, () => alone.run("drift", () => drift.run())),
  );
  closers.add("drift", () => drift.stop());
}
