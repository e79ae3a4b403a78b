/**
 * Plays planned recordings to their points, all in one order of time, as points of a gateway would have heard them.
 * What is wrong with one recording is said of it; the others are played.
 */

import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import type { PointId } from "../../../core/contract/stream.ts";
import { createAlarmRegister } from "../../../core/decision/alarms/alarm-register.ts";
import { isLikeBearing } from "../../../core/serving/like-bearings.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { rememberSamples } from "../../../training/dataset/samples/samples.ts";
import type { ErrorReport } from "../../terminal/end-process.ts";
import { describeFileError } from "../files/file-report.ts";
import { type OpenedRecording, openRecording } from "../recordings/open-recording.ts";
import type { PlannedRecording, ReplayPlan } from "./plan-replay.ts";
import { createPointHistory, type PointHistory, type PointReport } from "./point-history.ts";
import { createRepeatedRecordings, digestWhenRead, type RepeatedRecordings } from "./repeated-recordings.ts";
import { createReplayedPoint, type ReplayedPoint } from "./replay-point.ts";
import type { ReplayRow } from "./replay-rows.ts";
import type { ReplayedGateway } from "./replayed-gateway.ts";
import { placePoints, type ReplayedTurbine } from "./replayed-turbines.ts";

export interface ReplayRequest {
  readonly plan: ReplayPlan;
  readonly gateway: ReplayedGateway;
  /** Takes the windows that were decided since the last call. */
  readonly addRows: (rows: readonly ReplayRow[]) => Promise<void>;
  /** Told of each recording before it is played. */
  readonly onOpened?: (recording: OpenedRecording) => void;
  /** Told of each recording after it was played, and how much of it. */
  readonly onPlayed?: (planned: PlannedRecording, lengthMs: number) => void;
  /** Called before each recording, and at the end. */
  readonly progress: (done: number, total: number, what: string) => void;
}

/** What came of it: one entry a point, in the order of the files, and the files that could not be read. */
export interface ReplayResult {
  readonly points: readonly PointReport[];
  /** That they are of. */
  readonly turbines: readonly ReplayedTurbine[];
  readonly errors: readonly ReplayError[];
}

/** What is wrong with a file; a point that it is played to is named, where the file could be planned for it. */
interface ReplayError {
  readonly file: string;
  readonly point?: string;
  readonly error: ErrorReport;
}

/** Fails with USAGE (renewals of what is not learnt), INFERENCE, STORE, BUNDLE_INCOMPATIBLE: nothing that another recording would be spared. */
export async function replayRecordings(bundle: LoadedBundle, request: ReplayRequest): Promise<ReplayResult> {
  const { plan, progress } = request;
  const isRenewed = [...plan.renewals.values()].some(({ length }) => length > 0);
  if (isRenewed && bundle.manifest.baseline === undefined) throw refuseRenewals(bundle.ref.name);
  const errors: ReplayError[] = [...plan.errors];
  /** All snapshots of a file may have one fault: it is said once a point. */
  const told = new Set<string>();
  const players = createPlayers(bundle, request);
  const total = plan.recordings.length;
  try {
    for (const [index, planned] of plan.recordings.entries()) {
      progress(index, total, `${planned.point}: ${planned.file}`);
      try {
        await players.play(planned);
      } catch (error) {
        const described = describeFileError(error);
        const { file, point } = planned;
        const key = JSON.stringify([point, file, described.message]);
        if (!told.has(key)) errors.push({ file, point, error: described });
        told.add(key);
        players.noteUnread(planned);
      }
      await request.addRows(players.takeRows());
    }
    await players.end();
    await request.addRows(players.takeRows());
  } finally {
    await players.close();
  }
  progress(total, total, "");
  return { points: players.report(), turbines: players.turbines, errors };
}

function refuseRenewals(model: string): AuroraError {
  return new AuroraError("USAGE", `${model} knows no baselines, and none can be renewed`, {
    op: "replay recordings",
    subject: "renewedAt",
    hint: "leave renewedAt out of the manifest",
  });
}

interface Players {
  readonly turbines: readonly ReplayedTurbine[];
  /** Fails as the file's reader does, with USAGE or CONFIG_INVALID where its description does not fit. */
  play(planned: PlannedRecording): Promise<void>;
  /** The recording could not be played, or not to its end. */
  noteUnread(planned: PlannedRecording): void;
  takeRows(): readonly ReplayRow[];
  /** No recording follows. */
  end(): Promise<void>;
  close(): Promise<void>;
  report(): readonly PointReport[];
}

/** A point, and what its next recording is held against. */
interface Player {
  readonly point: ReplayedPoint;
  readonly bearing: BearingOrders;
  readonly machine: string;
  readonly earlier: RepeatedRecordings;
  /** Begin of the last recording, epoch ms, and how long it was. */
  lastMs: number;
  lengthMs: number;
}

function createPlayers(bundle: LoadedBundle, { plan, gateway, onOpened, onPlayed }: ReplayRequest): Players {
  const register = createAlarmRegister();
  const { turbines, find: findTurbine } = placePoints(plan, gateway.turbines);
  const players = new Map<string, Player>();
  const histories = new Map(
    plan.points.map((name) => [
      name,
      createPointHistory(name, findTurbine(name).turbine, bundle.manifest.window),
    ]),
  );
  for (const { point, timeMs } of plan.unplanned) histories.get(point)?.noteUnread(timeMs);
  let rows: ReplayRow[] = [];

  const create = ({ point: name, description }: PlannedRecording, history: PointHistory): Player => {
    const { bearing, polePairs, gearedShafts } = description.sidecar;
    const point = createReplayedPoint({
      point: nameReplayedPoint(name),
      bearing,
      polePairs,
      gearedShafts,
      bundle,
      gateway,
      falsePerYear: gateway.alarms.falsePerTurbineYear / findTurbine(name).points,
      register,
      // Machines of which nobody says that they are of one turbine have nothing to do with each other.
      isLike: (other) => {
        const { turbine } = findTurbine(name);
        const like = players.get(other);
        return (
          like !== undefined &&
          turbine !== null &&
          findTurbine(other).turbine === turbine &&
          isLikeBearing(like.bearing, bearing)
        );
      },
      renewals: plan.renewals.get(name) ?? [],
      sink: {
        ...history.sink,
        onDecision: (decision, scored) => {
          history.sink.onDecision(decision, scored);
          if (scored !== null) rows.push({ point: name, decision, scored });
        },
      },
    });
    return {
      point,
      bearing,
      machine: nameMachine(description),
      earlier: createRepeatedRecordings(),
      lastMs: Number.NaN,
      lengthMs: 0,
    };
  };

  return {
    turbines,
    play: async (planned) => {
      const { timeMs, description } = planned;
      const history = histories.get(planned.point)!;
      const player = players.get(planned.point) ?? create(planned, history);
      players.set(planned.point, player);
      if (timeMs === player.lastMs) return history.noteSetAside("sameTime");
      if (timeMs < player.point.endMs - slackOf(player.lengthMs)) return history.noteSetAside("overlapping");
      expectMachine(planned, player.machine);
      // A gateway hears nothing of a turbine that stands by.
      if (description.sidecar.shaftRpm === 0) {
        player.lastMs = timeMs;
        return history.noteStandstill(timeMs);
      }
      const file = digestWhenRead(rememberSamples(await planned.open()));
      // What is refused was not heard, and a copy of it repeats nothing.
      const recording = await openRecording(bundle, file, description.sidecar);
      if (await player.earlier.isRepeated(file)) {
        player.lastMs = timeMs;
        return history.noteRepeated(timeMs);
      }
      onOpened?.(recording);
      player.lastMs = timeMs;
      history.noteRecording(timeMs);
      try {
        await player.point.play(recording, timeMs);
      } finally {
        player.lengthMs = Math.max(0, player.point.endMs - timeMs);
        onPlayed?.(planned, player.lengthMs);
        const { shaftRpm, rateHz } = recording.sidecar;
        history.noteEnd(player.point.endMs, {
          revolutions: (player.lengthMs * shaftRpm) / 60_000,
          samples: (player.lengthMs * rateHz) / 1000,
          isStandby: Math.abs(shaftRpm) < gateway.operation.standbyBelowRpm,
        });
      }
    },
    noteUnread: ({ point, timeMs }) => {
      // Of one that was read in part what was lost is counted as of others.
      if (players.get(point)?.lastMs !== timeMs) histories.get(point)!.noteUnread(timeMs);
    },
    takeRows: () => {
      const taken = rows;
      rows = [];
      return taken;
    },
    end: async () => {
      for (const { point } of players.values()) await point.end();
    },
    close: async () => {
      for (const { point } of players.values()) await point.close();
    },
    report: () => [...histories.values()].map((history) => history.report()),
  };
}

/** Names of points of a replay differ, whatever turbines they are of. */
export function nameReplayedPoint(name: string): PointId {
  return { site: "replay", turbine: "replay", component: name };
}

/**
 * By how much a recording may begin before the one before it has ended: times are often of whole seconds, and a stated rate is
 * not the true one.
 */
function slackOf(lengthMs: number): number {
  return Math.min(1000, lengthMs / 20);
}

function nameMachine({
  sidecar: { bearing, polePairs, gearedShafts },
}: PlannedRecording["description"]): string {
  return JSON.stringify([bearing, polePairs, gearedShafts]);
}

/** A point has one bearing, one motor and one gear, as on a gateway. */
function expectMachine({ file, description }: PlannedRecording, machine: string): void {
  if (nameMachine(description) === machine) return;
  throw new AuroraError(
    "CONFIG_INVALID",
    `${file} is of another bearing, or states other pole pairs or geared shafts, than the recordings of its point before it`,
    {
      op: "replay recording",
      subject: file,
      hint: "give the recordings of each bearing to a point of their own, with --point or a manifest's point; a bearing of another make is a new point, even with renewedAt",
    },
  );
}
