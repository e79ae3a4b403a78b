/**
 * What surrounds an alarm: the samples before it, out of the buffer, and those that come after it, as one recording
 * without a gap. One at a time of a channel, and not more often than every five minutes: an alarm that chatters says
 * nothing new.
 */
import type { AlertEvent } from "../../core/contract/alert.ts";
import type { RecordedBlock } from "../../core/contract/stream.ts";
import type { Clock } from "../../core/platform/clock.ts";
import {
  alertCaptureEveryMs,
  createRecordingRun,
  type Recording,
  type RecordingRun,
} from "../devices/recording.ts";
import { channelKey, type EvidenceBuffer } from "./evidence-buffer.ts";

/** Where the samples of an alarm come from. */
interface AlarmChannel {
  readonly deviceId: string;
  readonly channel: string;
}

/** Hears of recordings around alarms: each that is begun has an end, unless the process ends first. */
export interface AlarmListener {
  onBegun(event: AlertEvent): void;
  onRecording(recording: Recording, event: AlertEvent): void;
  /** No sample of its channel was there or came. */
  onNothing(event: AlertEvent): void;
}

interface AlarmEvidenceOptions extends AlarmListener {
  readonly buffer: Pick<EvidenceBuffer, "replay">;
  /** The channel that a component is watched by; undefined: none that streams raw samples. */
  channelOf(turbine: string, component: string): AlarmChannel | undefined;
  readonly secondsBefore: number;
  readonly secondsAfter: number;
  /** Most samples of a recording. */
  readonly maxSamples: number;
  readonly clock: Pick<Clock, "monotonicMs">;
}

export interface AlarmEvidence {
  /** Something was told to subscribers. */
  note(event: AlertEvent): void;
  /** `block.counts` are valid only during the call. */
  accept(block: RecordedBlock): void;
  /** Ends what no more samples come for; call it about once a second. */
  tick(): void;
  /** Ends all that is open with what there is. */
  close(): void;
}

interface Open {
  readonly event: AlertEvent;
  readonly run: RecordingRun;
  /** Samples that are still to come after the alarm; null: none has come at all yet. */
  left: number | null;
  readonly dueMs: number;
}

/** A slow line may take this much longer for the samples after an alarm. */
const slownessMs = 30_000;

export function createAlarmEvidence(options: AlarmEvidenceOptions): AlarmEvidence {
  const { buffer, secondsBefore, secondsAfter, maxSamples, clock } = options;
  const open = new Map<string, Open>();
  const begunMs = new Map<string, number>();

  const finish = (key: string): void => {
    const { run, event } = open.get(key)!;
    open.delete(key);
    if (run.longest === null) options.onNothing(event);
    else options.onRecording(run.longest, event);
  };

  return {
    note: (event) => {
      if (event.type !== "io.aurora.alert.raised.v1" || event.data.inferredOn === "device") return;
      const source = options.channelOf(event.data.turbine, event.data.component);
      if (source === undefined) return;
      const key = channelKey(source.deviceId, source.channel);
      const nowMs = clock.monotonicMs();
      if (open.has(key) || nowMs - (begunMs.get(key) ?? Number.NEGATIVE_INFINITY) < alertCaptureEveryMs)
        return;
      begunMs.set(key, nowMs);
      options.onBegun(event);
      let rateHz: number | null = null;
      const held: RecordedBlock[] = [];
      buffer.replay(source.deviceId, source.channel, (block) => {
        rateHz = block.sampleRateHz;
        held.push({ ...block, counts: block.counts.slice() });
      });
      const wanted = rateHz === null ? maxSamples : Math.ceil((secondsBefore + secondsAfter) * rateHz);
      const run = createRecordingRun(Math.max(1, Math.min(wanted, maxSamples)));
      for (const block of held) run.accept(block);
      const dueMs = nowMs + 1000 * secondsAfter + slownessMs;
      open.set(key, { event, run, dueMs, left: rateHz === null ? null : Math.ceil(secondsAfter * rateHz) });
      if (secondsAfter === 0) finish(key);
    },
    accept: (block) => {
      if (open.size === 0) return;
      const key = channelKey(block.deviceId, block.channel);
      const one = open.get(key);
      if (one === undefined) return;
      one.left ??= Math.ceil(secondsAfter * block.sampleRateHz);
      one.run.accept(block);
      one.left -= block.counts.length;
      if (one.left <= 0 || one.run.isComplete) finish(key);
    },
    tick: () => {
      const nowMs = clock.monotonicMs();
      for (const [key, { dueMs }] of open) if (nowMs >= dueMs) finish(key);
    },
    close: () => {
      for (const key of [...open.keys()]) finish(key);
    },
  };
}
