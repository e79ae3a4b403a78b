/** `aurora score --decide`: plays recordings to a gateway's own code, prints what it decided, and says on stderr what went wrong. */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { fewestRevolutions } from "../../../core/features/spectrum-pool.ts";
import { printable } from "../../../core/platform/printable.ts";
import { checkMinWindows } from "../../../core/serving/check-commissioning.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { countOf } from "../../terminal/count-of.ts";
import { printReply } from "../../terminal/print-reply.ts";
import { createProgressBar } from "../../terminal/progress-bar.ts";
import { adviseOnReasons, complainOfFile, exitCodeOf, prefixDoubts, warnThat } from "../files/file-report.ts";
import { expectOtherOutput, openRowWriter, type RowWriter } from "../files/row-writer.ts";
import { listTimeDoubts } from "../files/time-doubts.ts";
import { createBeginning } from "../recordings/beginning.ts";
import { createClippingDoubts } from "../recordings/clipping-doubts.ts";
import { listSpeedDoubts } from "../recordings/speed-doubts.ts";
import { listStandbyDoubts } from "../recordings/standby-doubts.ts";
import { createUnitDoubts } from "../recordings/unit-doubts.ts";
import { listBearingDoubts } from "../sidecar/bearing-doubts.ts";
import { createDescriber, type SidecarFlags } from "../sidecar/sidecar-options.ts";
import { createLengthDoubts } from "./length-doubts.ts";
import { type PlanRequest, planReplay, type ReplayPlan } from "./plan-replay.ts";
import type { PointReport } from "./point-history.ts";
import { type ReplayBudget, renderReplay } from "./render-replay.ts";
import { listUnreadKeys, readManifest } from "./replay-manifest.ts";
import type { ReplayFlags } from "./replay-options.ts";
import { type ReplayRequest, type ReplayResult, replayRecordings } from "./replay-recordings.ts";
import { placeReplayRows } from "./replay-rows.ts";
import { createReplayedGateway, type ReplayedGateway, readReplayedGateway } from "./replayed-gateway.ts";
import { listSameTimeDoubts } from "./same-times.ts";
import { listSnapshotDoubts } from "./snapshot-doubts.ts";

interface ReplayCommandFlags extends ReplayFlags, SidecarFlags {
  readonly input?: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
}

/** Errors that are printed one by one; of more only the number of their files is. */
const shownErrors = 10;
/** Recordings that are looked at for clipping: reading all again would take as long as the replay. */
const heardForClipping = 24;

/** Returns the exit code. Fails with USAGE, CONFIG_INVALID, DATA_MISSING, STORE, INFERENCE. */
export async function runReplay(bundle: LoadedBundle, flags: ReplayCommandFlags): Promise<number> {
  const gateway = flags.gateway === undefined ? createReplayedGateway() : readReplayedGateway(flags.gateway);
  if (flags.gateway !== undefined) checkMinWindows(gateway.commissioning, bundle.manifest);
  const request = await readRequest(flags);
  const plan = await planReplay(request);
  if (flags.out !== undefined) expectOtherOutput(listReadFiles(plan, flags), flags.out);
  const unitDoubts = createUnitDoubts();
  const lengthDoubts = createLengthDoubts();
  const bar = createProgressBar();
  const result = await withRows(bundle, flags.out, (addRows) =>
    replayRecordings(bundle, {
      plan,
      gateway,
      addRows,
      onOpened: unitDoubts.look,
      onPlayed: lengthDoubts.look,
      progress: bar.update,
    }),
  ).finally(bar.end);
  const { points, turbines, errors } = result;
  const { falsePerTurbineYear } = gateway.alarms;
  const budget: ReplayBudget = { falsePerTurbineYear, points: points.length, turbines };
  const turning = plan.recordings.filter(({ description }) => description.sidecar.shaftRpm > 0);
  const unread = new Set(errors.map(({ file }) => file));
  const doubts = [
    ...request.describer.listWarnings(),
    ...prefixDoubts("manifest", listUnreadKeys(request.manifest?.entries ?? [])),
    ...prefixDoubts("time", listTimeDoubts(plan.recordings, Date.now())),
    ...prefixDoubts(
      "time",
      await listSameTimeDoubts(plan.recordings.filter(({ file }) => !unread.has(file))),
    ),
    ...prefixDoubts("rate", lengthDoubts.list()),
    ...prefixDoubts("unit", unitDoubts.list()),
    ...(flags.gateway === undefined ? prefixDoubts("speed", listStandbyDoubts(turning)) : []),
    ...prefixDoubts("speed", await listSpeedDoubts(turning, (point) => listAlarmTimes(points, point))),
    ...prefixDoubts("level", await listClippingDoubts(plan)),
    ...prefixDoubts("recordings", listSnapshotDoubts(bundle.manifest, bearingsOf(plan), points)),
    ...prefixDoubts("bearing", listDoubts(bundle.manifest, plan)),
    ...points.filter(isPartlyHeard).map((report) => describeUnheard(report, gateway)),
  ];
  const warnings = [
    ...doubts,
    ...points
      .flatMap((report) => describeSilence(report, gateway))
      .map(({ message, hint }) => `${message}: ${hint}`),
  ];
  printReply(flags.json, { model: bundle.ref, budget, points, errors, warnings }, () =>
    points.length === 0 ? "" : renderReplay(points, budget, unread.size),
  );
  warnThat(doubts);
  complain(result, gateway);
  return exitCodeOf(
    [...points.map((point) => ({ file: point.point, windows: point.windows })), ...errors],
    (each) => "windows" in each && each.windows === 0,
  );
}

async function readRequest(flags: ReplayCommandFlags): Promise<PlanRequest> {
  const { manifest, from, every } = flags;
  return {
    input: flags.input,
    manifest: manifest === undefined ? null : { path: manifest, entries: await readManifest(manifest) },
    points: flags.point ?? [],
    course: from === undefined || every === undefined ? null : { fromMs: from, everyMs: every * 1000 },
    describer: await createDescriber(flags),
  };
}

function listReadFiles({ recordings }: ReplayPlan, flags: ReplayCommandFlags): string[] {
  const described = [flags.manifest, flags.gateway, flags.bearings, flags.bearing];
  const named = described
    .filter((each) => typeof each === "string")
    .map((each) => each.replace(/#[^#]*$/, ""));
  return [...named, ...(flags.input ?? []), ...new Set(recordings.map(({ file }) => file))];
}

/** Runs `replay`, whose rows go to `out`, if there is one; the table appears when all is well. */
async function withRows(
  bundle: LoadedBundle,
  out: string | undefined,
  replay: (addRows: ReplayRequest["addRows"]) => Promise<ReplayResult>,
): Promise<ReplayResult> {
  if (out === undefined) return replay(() => Promise.resolve());
  const cells = placeReplayRows(bundle.manifest);
  const writer: RowWriter = await openRowWriter(out, cells.columns);
  try {
    const result = await replay(async (rows) => {
      for (const row of rows) await writer.add(cells.cellsOf(row));
    });
    if (result.points.some((point) => countRead(point) > 0)) await writer.finish();
    return result;
  } finally {
    await writer.close();
  }
}

async function listClippingDoubts({ recordings }: ReplayPlan): Promise<readonly string[]> {
  const doubts = createClippingDoubts();
  for (const { open } of recordings.slice(0, heardForClipping)) {
    const file = await open().catch(() => null);
    if (file !== null) await doubts.look(createBeginning(file));
  }
  return doubts.list();
}

function listAlarmTimes(reports: readonly PointReport[], point: string): readonly number[] {
  const own = reports.filter((report) => report.point === point);
  return own.flatMap(({ alarms }) => alarms.map(({ raisedAt }) => Date.parse(raisedAt)));
}

function bearingsOf({ recordings }: ReplayPlan): (point: string) => BearingOrders | undefined {
  const bearings = new Map(recordings.map(({ point, description }) => [point, description.sidecar.bearing]));
  return (point) => bearings.get(point);
}

function listDoubts(manifest: Manifest, { recordings }: ReplayPlan): ReadonlySet<string> {
  const machines = new Map(
    recordings.map(({ description: { sidecar } }) => [
      JSON.stringify([sidecar.bearing, sidecar.gearedShafts]),
      sidecar,
    ]),
  );
  return new Set([...machines.values()].flatMap((machine) => listBearingDoubts(manifest, machine)));
}

function complain({ points, errors }: ReplayResult, gateway: ReplayedGateway): void {
  for (const each of errors.slice(0, shownErrors)) complainOfFile(each);
  const more = new Set(errors.slice(shownErrors).map(({ file }) => file)).size;
  if (more > 0) process.stderr.write(`error: ${countOf(more, "more file")} could not be replayed\n`);
  for (const { message, hint } of points.flatMap((report) => describeSilence(report, gateway))) {
    process.stderr.write(`error: ${printable(message)}\nhint: ${hint}\n`);
  }
}

function isPartlyHeard({ windows, unheardRecordings }: PointReport): boolean {
  return windows > 0 && unheardRecordings > 0;
}

function describeUnheard(report: PointReport, gateway: ReplayedGateway): string {
  const { point, unheardRecordings, recordings, repeatedSince, heardUntil, setAside } = report;
  const { mostlyLost, tooShort, slowed, repeated, unread } = setAside.recordings;
  const undecided = unheardRecordings - mostlyLost - tooShort - slowed - repeated - unread;
  const reasons = Object.keys(setAside.samples).join(", ");
  const parts = [
    ...(unread > 0 ? [`${unread} of ${recordings} recordings could not be read`] : []),
    ...(mostlyLost > 0
      ? [
          `about half of the samples or more of ${mostlyLost} of ${recordings} recordings were set aside (${reasons})`,
        ]
      : []),
    ...(undecided > 0
      ? [
          `no window of ${undecided} of ${recordings} recordings could be decided, though only ${(100 * setAside.lostShare).toFixed(1)} % of their samples were set aside (${reasons})`,
        ]
      : []),
    ...(slowed > 0
      ? [`no window of ${slowed} of ${recordings} recordings could be decided: ${saySlow(gateway)}`]
      : []),
    ...(repeated > 0
      ? [
          `${repeated} of ${recordings} recordings have the very samples of an earlier one, the first at ${repeatedSince}, and were not heard: does the logger hang?`,
        ]
      : []),
    ...(tooShort > 0 ? [`${tooShort} of ${recordings} recordings were too short to be heard`] : []),
  ];
  return `${point}: ${parts.join("; ")}; the last window that could be decided ended at ${heardUntil}`;
}

function saySlow({ operation }: ReplayedGateway): string {
  return `the speed fell below ${operation.standbyBelowRpm} rpm (operation.standbyBelowRpm)`;
}

function countRead({ recordings, setAside }: PointReport): number {
  return recordings - setAside.recordings.unread;
}

/** Why no window of a point could be decided; none: some could, or none was played. */
function describeSilence(
  report: PointReport,
  gateway: ReplayedGateway,
): { readonly message: string; readonly hint: string }[] {
  const { point, windows, setAside } = report;
  if (windows > 0 || countRead(report) === 0) return [];
  if (setAside.recordings.standby === countRead(report)) {
    const message = `${point}: no window could be decided, its turbine stands by in all recordings`;
    return [{ message, hint: "check its speed; a shaft that stands says nothing of its bearing" }];
  }
  const { slowed, unread } = setAside.recordings;
  if (slowed > 0 && slowed === report.unheardRecordings - unread) {
    const message = `${point}: no window could be decided, ${saySlow(gateway)}`;
    return [{ message, hint: "check its speed, and the limit against the slowest one at which it operates" }];
  }
  const reasons = Object.keys(setAside.samples);
  const hint =
    reasons.length === 0
      ? `its recordings are too short, below one revolution of the shaft each or below ${fewestRevolutions} in all: check their sampling rate and the shaft's speed`
      : `samples were set aside (${reasons.join(", ")}): ${adviseOnReasons(reasons)}`;
  const also = slowed > 0 ? `; in ${slowed} of ${report.recordings} recordings ${saySlow(gateway)}` : "";
  return [{ message: `${point}: no window could be decided${also}`, hint }];
}
