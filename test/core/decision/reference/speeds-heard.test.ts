import { expect, test } from "vitest";
import type { SiteBaseline } from "../../../../src/core/contract/site-baseline.ts";
import { createSpeedsHeard, describeSpeeds } from "../../../../src/core/decision/reference/speeds-heard.ts";
import { hourMs } from "../../../../src/core/maths/durations.ts";

const learnt = { shaftRpm: { min: 975.2, max: 1188.6, reference: 1100 } } as SiteBaseline;
const stated = { shaftRpm: { min: 1480, max: 1480, reference: 1480 } } as SiteBaseline;

test("what ran beyond is counted over a day of data, and a clock that was put back begins anew", () => {
  const speeds = createSpeedsHeard();
  for (let hour = 0; hour < 48; hour++) speeds.note(hour * hourMs, hour < 24 ? 1400 : 1000, learnt);
  speeds.note(47 * hourMs + 1, 1400, learnt);
  expect(speeds.lastDay).toEqual({ windows: 26, beside: 0, beyond: 2 });
  speeds.note(0, 1400, learnt);
  expect(speeds.lastDay).toEqual({ windows: 1, beside: 0, beyond: 1 });
  speeds.clear();
  expect(speeds.lastDay).toEqual({ windows: 0, beside: 0, beyond: 0 });
});

test("just beside are 0.3 to 2 % outside what was learnt, once that is settled", () => {
  const count = (shaftRpm: number, baseline: SiteBaseline) => {
    const speeds = createSpeedsHeard();
    speeds.note(0, shaftRpm, baseline);
    return speeds.lastDay.beside;
  };
  expect([1480, 1484, 1485, 1505, 1512, 1470].map((rpm) => count(rpm, stated))).toEqual([0, 0, 1, 1, 0, 1]);
  expect([970, 1000, 1195].map((rpm) => count(rpm, learnt))).toEqual([1, 0, 1]);
  expect(count(1485, { ...stated, isProvisional: true })).toBe(0);
});

test("a tenth of the windows is worth a word, a gust is not", () => {
  const beside = 0;
  expect(describeSpeeds({ windows: 0, beside, beyond: 0 }, learnt)).toBeNull();
  expect(describeSpeeds({ windows: 100, beside, beyond: 9 }, learnt)).toBeNull();
  expect(describeSpeeds({ windows: 100, beside, beyond: 58 }, learnt)).toBe(
    "it was learnt at 975 to 1189 rpm, and about 60 % of the last day's windows were at other speeds, at which its level is known roughly at best",
  );
});

test("a machine that runs beside its only learnt speed for half a day is to be learnt anew, one that comes back is not", () => {
  expect(describeSpeeds({ windows: 100, beside: 49, beyond: 0 }, stated)).toBeNull();
  expect(describeSpeeds({ windows: 100, beside: 97, beyond: 3 }, stated)).toBe(
    "it was learnt at 1480 rpm, and about 100 % of the last day's windows were just beside, where a fault has to stand out more and is raised later: if that is its speed from now on, learn it anew (aurora baseline renew)",
  );
});
