import { expect, test } from "vitest";
import type { SourceFault } from "../../../src/core/contract/source-diagnosis.ts";
import { createSourceDiagnoses } from "../../../src/gateway/diagnosis/source-diagnoses.ts";

function create() {
  const diagnoses = createSourceDiagnoses(["WT01", "WT02"]);
  /** What is news at a time in seconds. */
  const at = (seconds: number, faults: readonly SourceFault[]): readonly string[] =>
    diagnoses
      .update(faults, { nowMs: 1_000_000 + seconds * 1000, monotonicMs: seconds * 1000 })
      .map(({ kind, turbine, diagnosis: { code, text } }) => `${kind} ${turbine} ${code}: ${text}`);
  return { diagnoses, at };
}

const cutOff: SourceFault = {
  code: "no-connection",
  turbine: null,
  subject: "connection",
  detail: "connect ECONNREFUSED",
  cure: "Check the address.",
};
const register = (turbine: string, address: number): SourceFault => {
  return {
    code: "no-value",
    turbine,
    subject: `power (holding ${address})`,
    detail: "exception 2",
    cure: "Map it.",
  };
};

test("however many registers are refused, they are one finding of their turbine, told once", () => {
  const { diagnoses, at } = create();
  const faults = Array.from({ length: 200 }, (_, index) => register("WT01", index));
  const news = at(0, faults);
  expect(news).toHaveLength(1);
  expect(news[0]).toMatch(
    /^onset WT01 no-value: no value of power \(holding 0\): exception 2; .*; and 195 more$/,
  );
  expect(at(1, faults)).toEqual([]);
  expect(diagnoses.of("WT01")).toMatchObject([{ code: "no-value", cure: "Map it.", sinceMs: 1_000_000 }]);
  expect(diagnoses.of("WT02")).toEqual([]);
  expect(diagnoses.all).toHaveLength(1);
});

test("a server that is gone is the matter of all its turbines, and says nothing of its registers", () => {
  const { diagnoses, at } = create();
  at(0, [register("WT02", 7)]);
  expect(at(1, [cutOff, register("WT01", 1)])).toEqual([
    "onset null no-connection: no connection: connect ECONNREFUSED",
  ]);
  expect(diagnoses.of("WT01").map(({ code }) => code)).toEqual(["no-connection"]);
  expect(diagnoses.of("WT02").map(({ code }) => code)).toEqual(["no-connection", "no-value"]);
  expect(diagnoses.of("WT03")).toEqual([]);
  // An hour without a connection ends nothing that nobody could look at.
  expect(at(3600, [cutOff])).toEqual([]);
});

test("what is worse comes first, whosever it is", () => {
  const { diagnoses, at } = create();
  const slow: SourceFault = { ...cutOff, code: "slow-poll", detail: "a poll takes 26 s" };
  at(0, [slow, register("WT01", 1), { ...register("WT02", 2), code: "no-answer" }]);
  expect(diagnoses.of("WT01").map(({ code }) => code)).toEqual(["no-value", "slow-poll"]);
  expect(diagnoses.all.map(({ code }) => code)).toEqual(["no-answer", "no-value", "slow-poll"]);
});

test("what comes and goes is told once, and is over after a minute without it", () => {
  const { diagnoses, at } = create();
  let told = 0;
  for (let second = 0; second < 600; second++) told += at(second, second % 20 === 0 ? [cutOff] : []).length;
  expect(told).toBe(1);
  expect(at(581, [])).toEqual([]);
  expect(at(641, [])).toEqual(["over null no-connection: no connection: connect ECONNREFUSED"]);
  expect(diagnoses.all).toEqual([]);
});

test("what began before the clock was set is dated by the clock as it is", () => {
  const { diagnoses } = create();
  const rightMs = Date.UTC(2026, 10, 29);
  const tell = (faults: readonly SourceFault[], seconds: number, startMs: number): void =>
    void diagnoses.update(faults, { nowMs: startMs + seconds * 1000, monotonicMs: seconds * 1000 });
  const since = () => diagnoses.of("WT01").map(({ sinceMs }) => sinceMs);
  tell([register("WT01", 1)], 10, 0);
  expect(since()).toEqual([10_000]);
  // Of what a connection hides nothing can be said, and it is dated all the same.
  tell([cutOff], 60, rightMs);
  expect(since()).toEqual([rightMs + 60_000, rightMs + 10_000]);
  // Led by some seconds, set back by a year, and to a time when the gateway had not begun.
  tell([cutOff], 120, rightMs + 20_000);
  expect(since()).toEqual([rightMs + 60_000, rightMs + 10_000]);
  const earlierMs = rightMs - 365 * 86_400_000;
  tell([cutOff], 86_400, earlierMs);
  expect(since()).toEqual([earlierMs + 60_000, earlierMs + 10_000]);
  tell([cutOff], 86_401, -86_400_000);
  expect(since()).toEqual([0, 0]);
  tell([cutOff], 86_402, rightMs);
  expect(since()).toEqual([rightMs + 60_000, rightMs + 10_000]);
});
