/**
 * What surrounds an alarm: the samples before it, out of the buffer, and those that come after it, as one recording
 * without a gap: from the last gap ahead of the alarm, since nobody knows that the machine was faulty before, to the first one
 * after it. A device that restarts, and counts its samples anew, makes a gap. Where a recording may not be as long as is wished,
 * both sides are shortened in proportion. One at a time of a channel, and not more often than every five minutes: an alarm that
 * chatters says nothing new.
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
import { createSampleRing } from "./sample-ring.ts";

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
  /** Number of the sample that goes on with what is there; null: nothing is. */
  next: number | null;
  readonly dueMs: number;
}

/** A slow line may take this much longer for the samples after an alarm. */
const slownessMs = 30_000;

export function createAlarmEvidence(options: AlarmEvidenceOptions): AlarmEvidence {
  const { buffer, secondsBefore, secondsAfter, maxSamples, clock } = options;
  /** Most samples on either side of the alarm. */
  const shareSamples = (rateHz: number): { readonly before: number; readonly after: number } => {
    const part = Math.min(1, maxSamples / ((secondsBefore + secondsAfter) * rateHz));
    const after = Math.min(maxSamples, Math.ceil(part * secondsAfter * rateHz));
    return { after, before: Math.min(maxSamples - after, Math.ceil(part * secondsBefore * rateHz)) };
  };
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
      const replay = (accept: (block: RecordedBlock) => void): void =>
        buffer.replay(source.deviceId, source.channel, accept);
      let rateHz: number | null = null;
      let next: number | null = null;
      let blocks = 0;
      let blocksBeforeGap = 0;
      replay((block) => {
        rateHz = block.sampleRateHz;
        if (block.firstSample !== next) blocksBeforeGap = blocks;
        next = endOf(block);
        blocks++;
      });
      const share = rateHz === null ? null : shareSamples(rateHz);
      const run = createRecordingRun(Math.max(1, share === null ? maxSamples : share.before + share.after));
      if (share !== null && share.before > 0) {
        const newest = createSampleRing(share.before);
        let index = 0;
        replay((block) => {
          if (index++ >= blocksBeforeGap) newest.push(block);
        });
        newest.replay(run.accept);
      } else next = null;
      const dueMs = nowMs + 1000 * secondsAfter + slownessMs;
      open.set(key, { event, run, dueMs, next, left: share?.after ?? null });
      if (secondsAfter === 0) finish(key);
    },
    accept: (block) => {
      if (open.size === 0) return;
      const key = channelKey(block.deviceId, block.channel);
      const one = open.get(key);
      if (one === undefined) return;
      if (one.next !== null && block.firstSample !== one.next) {
        finish(key);
        return;
      }
      one.next = endOf(block);
      one.left ??= shareSamples(block.sampleRateHz).after;
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

/** Number of the sample after its last one. */
function endOf({ firstSample, counts }: RecordedBlock): number {
  return firstSample + counts.length;
}
