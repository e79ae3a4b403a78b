import { expect, it } from "vitest";
import type { AlertEvent } from "../../../src/core/contract/alert.ts";
import { createAlarmEvidence } from "../../../src/gateway/evidence/alarm-evidence.ts";
import { createEvidenceBuffer } from "../../../src/gateway/evidence/evidence-buffer.ts";

const raised = {
  type: "io.aurora.alert.raised.v1",
  data: { turbine: "WT01", component: "bearing" },
} as AlertEvent;
const secondsBefore = 20;
const secondsAfter = 10;
const maxSamples = 480_000;

/**
 * Where a recording lies whose alarm is raised at 30 s, of a stream of which blocks of a tenth of a second are lost at these times, and
 * whose device counts anew from one on; seconds.
 */
function recordAround({
  rateHz,
  lostAt = [],
  restartsAt = 0,
  lastAt = 60,
}: Stream): readonly [number, number] {
  let lies: readonly [number, number] = [0, 0];
  const buffer = createEvidenceBuffer({
    channels: new Set(["d/c"]),
    seconds: secondsBefore,
    maxBytes: 1e9,
    onOpened: () => {},
    onFull: () => {},
  });
  const alarms = createAlarmEvidence({
    buffer,
    channelOf: () => ({ deviceId: "d", channel: "c" }),
    secondsBefore,
    secondsAfter,
    maxSamples,
    clock: { monotonicMs: () => 0 },
    onBegun: () => {},
    onNothing: () => {},
    onRecording: ({ first, samples }) => {
      const fromSeconds = first.timestampMs / 1000;
      lies = [fromSeconds, fromSeconds + samples / rateHz];
    },
  });
  const counts = new Int16Array(rateHz / 10);
  for (let tenth = 0; tenth < 10 * lastAt; tenth++) {
    if (tenth === 300) alarms.note(raised);
    if (lostAt.includes(tenth / 10)) continue;
    const restarted = tenth < 10 * restartsAt ? 0 : 10 * restartsAt;
    const firstSample = (tenth - restarted) * counts.length;
    const block = { deviceId: "d", channel: "c", unit: "g", timestampMs: 100 * tenth, scale: 1 };
    const whole = { ...block, counts, firstSample, sampleRateHz: rateHz, shaftRpm: 1_500 };
    alarms.accept(whole);
    buffer.accept(whole);
  }
  alarms.close();
  return lies;
}

interface Stream {
  readonly rateHz: number;
  readonly lostAt?: readonly number[];
  readonly restartsAt?: number;
  /** When samples end. */
  readonly lastAt?: number;
}

it("records so many seconds before an alarm and after it", () => {
  expect(recordAround({ rateHz: 12_000 })).toEqual([10, 40]);
});

it.each([25_600, 51_200])(
  "shortens both sides in proportion where %d Hz are too many samples, the oldest before the alarm first",
  (rateHz) => {
    const [from, to] = recordAround({ rateHz });
    const seconds = maxSamples / rateHz;
    // In whole blocks of a tenth of a second.
    expect(30 - from).toBeGreaterThan((2 / 3) * seconds - 0.1);
    expect(30 - from).toBeLessThanOrEqual((2 / 3) * seconds);
    expect(to - 30).toBeGreaterThanOrEqual(seconds / 3);
    expect(to - 30).toBeLessThan(seconds / 3 + 0.1);
  },
);

it("leaves out what lies before a gap ahead of the alarm, however long it is", () => {
  expect(recordAround({ rateHz: 12_000, lostAt: [12, 28.5] })).toEqual([28.6, 40]);
});

it("leaves out what a device sent before it restarted and counted anew", () => {
  expect(recordAround({ rateHz: 12_000, lostAt: [28.5], restartsAt: 28.6 })).toEqual([28.6, 40]);
});

it("keeps the run that holds the alarm where a longer one comes after a gap", () => {
  expect(recordAround({ rateHz: 12_000, lostAt: [28.5, 31] })).toEqual([28.6, 31]);
});

it("keeps the run that holds the alarm where a gap comes soon after it", () => {
  expect(recordAround({ rateHz: 12_000, lostAt: [31] })).toEqual([10, 31]);
});

it("keeps what was there before the alarm where nothing comes after it", () => {
  expect(recordAround({ rateHz: 51_200, lastAt: 30.1 }).map(Math.round)).toEqual([24, 30]);
});
