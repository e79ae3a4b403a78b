import { expect, test } from "vitest";
import { createSpeedsHeard, describeBeyond } from "../../../../src/core/decision/reference/speeds-heard.ts";
import { hourMs } from "../../../../src/core/maths/durations.ts";

const learnt = { shaftRpm: { min: 975.2, max: 1188.6, reference: 1100 } };

test("what ran beyond is counted over a day of data, and a clock that was put back begins anew", () => {
  const speeds = createSpeedsHeard();
  for (let hour = 0; hour < 48; hour++) speeds.note(hour * hourMs, hour < 24);
  speeds.note(47 * hourMs + 1, true);
  expect(speeds.lastDay).toEqual({ windows: 26, beyond: 2 });
  speeds.note(0, true);
  expect(speeds.lastDay).toEqual({ windows: 1, beyond: 1 });
  speeds.clear();
  expect(speeds.lastDay).toEqual({ windows: 0, beyond: 0 });
});

test("a tenth of the windows is worth a word, a gust is not", () => {
  expect(describeBeyond({ windows: 0, beyond: 0 }, learnt)).toBeNull();
  expect(describeBeyond({ windows: 100, beyond: 9 }, learnt)).toBeNull();
  expect(describeBeyond({ windows: 100, beyond: 58 }, learnt)).toBe(
    "it was learnt at 975 to 1189 rpm, and about 60 % of the last day's windows were at other speeds, at which its level is known roughly at best",
  );
});
