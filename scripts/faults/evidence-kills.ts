/**
 * kill -9 of the worker that alone takes raw evidence, and of those around it, while pieces of files travel: every
 * recording that a gateway kept becomes one whole file at the collector, or is told of.
 */
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { openFolderStore } from "../../src/collector/evidence/folder-store.ts";
import type { FleetRecord } from "../../src/collector/record/fleet-record.ts";
import type { RecordedEvidence } from "../../src/core/contract/evidence-list.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { sha256Hex } from "../../src/core/platform/files/sha256.ts";
import { hasPostgres } from "../../test/support/scratch-postgres.ts";
import { auditPark, readAll, readEvents } from "./audit-park.ts";
import { createFaultLedger, type FaultModule, type FaultOptions, noPostgres } from "./fault-ledger.ts";
import { type FaultSite, startFaultSite } from "./fault-site.ts";
import { countPoints, judgeMoments, killAt, type MadeKill } from "./kill-parts.ts";
import { evidenceKillPoints, type KillPoint } from "./kill-points.ts";
import { openShapedLink } from "./shaped-link.ts";
import { openWatchedPark, type WatchedPark } from "./watched-park.ts";

const killsPerPark = 6;
/** Each gives one recording. */
const turbinesPerPark = 6;
/** Of all kills. */
const share = 1 / 24;
const speed = 6;
/** The line is thin, so that pieces are on their way for long. */
const bytesPerSecond = 40_000;
/** A lease that nobody gives back ends after a minute, and a piece without an answer is sent again after half of one. */
const momentMs = 200_000;

export const runEvidenceKills: FaultModule = async (options) => {
  if (!hasPostgres) return noPostgres;
  const ledger = createFaultLedger(options.say);
  const random = createRandom(options.seed).fork("kills-evidence");
  const site = await startFaultSite({ name: "kills-evidence", engine: "postgres", ingests: 2 });
  const kills = Math.ceil(options.kills * share);
  const made: MadeKill[] = [];
  const sums = { recordings: 0, files: 0, bytes: 0 };
  try {
    for (let killed = 0, number = 1; killed < kills; number++) {
      const name = `evidence-${number}`;
      const points = evidenceKillPoints.slice(0, Math.min(killsPerPark, kills - killed));
      killed += points.length;
      await ledger.run(`${name}, ${points.length} kills`, async () => {
        const { wrongs, counts, done } = await killPark(site, { name, points, options, random });
        for (const key of ["recordings", "files", "bytes"] as const) sums[key] += counts[key];
        made.push(...done);
        return wrongs;
      });
      await site.start();
    }
  } finally {
    await site.close();
  }
  ledger.note("kills meet their moments", judgeMoments(made));
  return ledger.report({ kills, ...sums, byPoint: countPoints(made) });
};

async function killPark(
  site: FaultSite,
  {
    name,
    points,
    options,
    random,
  }: {
    readonly name: string;
    readonly points: readonly KillPoint[];
    readonly options: FaultOptions;
    readonly random: ReturnType<typeof createRandom>;
  },
) {
  const link = await openShapedLink(site.broker.port, { name, bytesPerSecond }, options.seed);
  const park = await openWatchedPark(site, {
    name,
    turbines: turbinesPerPark,
    seed: options.seed,
    speed,
    firstOnsetS: 60,
    onsetStepS: 20,
    brokerUrl: `mqtt://127.0.0.1:${link.port}`,
    changes: { evidence: { allow: ["alarm"], secondsBefore: 10, secondsAfter: 5 } },
  });
  const kept = new Set<string>();
  park.onLine((line) => {
    if (!line.includes("raw samples are kept as evidence")) return;
    kept.add((JSON.parse(line) as { readonly id: string }).id);
  });
  try {
    await park.gateway.start();
    const done: MadeKill[] = [];
    for (const point of points) done.push(await killAt(point, { site, park, random, waitMs: momentMs }));
    await park.finish();
    await site.stop();
    return await site.withRecord(async (record) => {
      const { wrongs } = await auditPark(record, park);
      const audit = await auditEvidence(record, park, {
        kept,
        dir: join(site.folder, "collector", "evidence"),
      });
      const crashes = [...park.gateway.crashes, ...site.listCrashes()];
      return { wrongs: [...wrongs, ...audit.wrongs, ...crashes], counts: audit.counts, done };
    });
  } finally {
    await park.close();
    await link.close();
  }
}

async function auditEvidence(
  record: FleetRecord,
  { name }: WatchedPark,
  { kept, dir }: { readonly kept: ReadonlySet<string>; readonly dir: string },
) {
  const store = await openFolderStore(dir);
  const wrongs: string[] = kept.size === 0 ? ["no recording was kept"] : [];
  const stored = await readAll<RecordedEvidence>((range) => record.evidence({ site: name, ...range }));
  const told = (await readEvents(record, name))
    .filter((event) => event.name.startsWith("evidence-"))
    .map(({ subject }) => subject);
  for (const id of kept)
    if (!stored.some((file) => file.id === id) && !told.includes(id))
      wrongs.push(`the recording ${id} is neither stored nor told of`);
  for (const { id, npySha256 } of stored) {
    const samples = await store.open(id, "npy");
    if (samples === null) wrongs.push(`the file of ${id} is not there`);
    else if (sha256Hex(await buffer(samples.body)) !== npySha256)
      wrongs.push(`the file of ${id} is not what was recorded`);
  }
  const bytes = stored.reduce((sum, file) => sum + file.bytes, 0);
  return { wrongs, counts: { recordings: kept.size, files: stored.length, bytes } };
}
