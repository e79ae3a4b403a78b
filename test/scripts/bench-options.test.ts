import { expect, test } from "vitest";
import { parseBenchOptions } from "../../scripts/bench/bench-options.ts";
import { comparePeerScores, judgePeerRatio } from "../../scripts/bench/bench-peer.ts";
import { judgeBench } from "../../scripts/bench/judge-bench.ts";
import { judgeMemory, judgeSlope } from "../../scripts/bench/measure-memory.ts";
import { judgeStart } from "../../scripts/bench/measure-starts.ts";

test("a run without arguments measures what need not be asked for, in full", () => {
  expect(parseBenchOptions([])).toEqual({
    type: "run",
    options: {
      json: false,
      quick: false,
      parts: ["gateway", "workers", "link", "mcu", "pages", "ingest", "thinning"],
      pages: { turbines: 1000, viewers: 50, rate: 2000, seconds: 30, checkIns: 10_000 },
      turns: 3,
      hours: 0,
      pace: 1,
    },
  });
});

test("the two ways to ask for the peer are one", () => {
  expect(parseBenchOptions(["--peer", "--quick"])).toEqual(parseBenchOptions(["--only", "peer", "--quick"]));
  expect(parseBenchOptions(["--peer"])).toMatchObject({ options: { parts: ["peer"] } });
});

test("parts are named, or left out of what is usual", () => {
  expect(parseBenchOptions(["--only", "pages,memory"])).toMatchObject({
    options: { parts: ["pages", "memory"] },
  });
  expect(parseBenchOptions(["--without", "mcu,workers"])).toMatchObject({
    options: { parts: ["gateway", "link", "pages", "ingest", "thinning"] },
  });
});

test("the turns are of the workers, also where their first minutes alone are measured", () => {
  expect(parseBenchOptions(["--only", "first-minutes", "--turns", "1"])).toMatchObject({
    options: { parts: ["first-minutes"], turns: 1 },
  });
  expect(parseBenchOptions(["--only", "latency", "--turns", "1"])).toMatchObject({
    text: expect.stringContaining("--turns is of workers and first-minutes, which is not measured"),
  });
});

test("the help names every part and every option", () => {
  const help = parseBenchOptions(["--help"]);
  expect(help.type).toBe("help");
  const parts = [
    "gateway",
    "workers",
    "link",
    "mcu",
    "pages",
    "ingest",
    "thinning",
    "memory",
    "growth",
    "latency",
    "start",
    "first-minutes",
    "peer",
  ];
  for (const part of parts)
    expect(help).toMatchObject({ text: expect.stringMatching(new RegExp(`^  ${part} `, "m")) });
  for (const option of [
    "json",
    "quick",
    "only",
    "without",
    "peer",
    "seconds",
    "check-ins",
    "turns",
    "hours",
    "pace",
  ])
    expect(help).toMatchObject({ text: expect.stringContaining(`--${option}`) });
});

test.each([
  [["--nonsense"], "--nonsense"],
  [["--only"], "--only"],
  [["--only", "tables"], 'no part "tables", there are gateway, workers'],
  [["--without", "memory"], 'no part "memory"'],
  [["--only", "mcu", "--without", "mcu"], "nothing is left to measure"],
  [["--hours", "9"], "--hours is a number from 0 to 8, not 9"],
  [["--pace", "fast"], "--pace is a number from 1 to 16, not fast"],
  [["--turns", "0"], "--turns is a whole number from 1 to 9, not 0"],
  [["--turbines", "many"], "turbines"],
  [["growth"], "growth"],
  [["--only", "workers", "--turbines", "5"], "--turbines is of pages, which is not measured"],
  [["--hours", "2"], "--hours is of memory, which is not measured"],
])("%j is answered in one line that says what is wrong", (args, what) => {
  const request = parseBenchOptions(args);
  expect(request).toMatchObject({ type: "wrong", text: expect.stringContaining(what) });
  expect(request).toMatchObject({ text: expect.not.stringContaining("\n") });
});

test("a gateway less than twice as fast as the peer fails, one less than three times says so", () => {
  expect(judgePeerRatio(1.99)).toEqual({
    missed: ["1.99 times as fast as the peer instead of 2.0, which it must be"],
    isBelowMust: true,
  });
  expect(judgePeerRatio(2)).toEqual({
    missed: ["2 times as fast as the peer instead of 3.0, which is wanted"],
    isBelowMust: false,
  });
  expect(judgePeerRatio(3)).toEqual({ missed: [], isBelowMust: false });
});

test("more memory than may be fails a run, a slow start is only told", () => {
  const slow = judgeMemory("small", { rssMb: 75, startMs: 701 });
  expect(slow).toEqual({ missed: ["small: 701 ms to start, the limit is 700"], wrong: [] });
  const large = judgeMemory("standard", { rssMb: 110.1, startMs: 700 });
  expect(large.wrong).toEqual(["standard: 110.1 MB, the limit is 110"]);
  expect(judgeBench({ memory: large })).toMatchObject(large);
});

test("memory that grows over hours fails a run, a slope within its error does not", () => {
  expect(judgeSlope({ slope: 2, standardError: 0.2 })).toEqual([
    "memory grows by 2.00 MB an hour of signal (standard error 0.20)",
  ]);
  expect(judgeSlope({ slope: 2, standardError: 0.8 })).toEqual([]);
  expect(judgeSlope({ slope: -3, standardError: 0.1 })).toEqual([]);
});

test("a comparison without an alarm, or with a peer that scores otherwise, is none", () => {
  expect(judgeBench({ gateway: { decisionsEqual: true, alarms: [16, 16] } }).wrong).toEqual([]);
  expect(judgeBench({ gateway: { decisionsEqual: true, alarms: [16, 0] } }).wrong).toHaveLength(1);
  for (const part of ["workers", "first-minutes", "peer"]) {
    const judge = (alarms: readonly number[]): readonly string[] =>
      judgeBench({ [part]: { decisionsEqual: true, alarms, missing: [] } }).wrong;
    expect(judge([1, 1])).toEqual([]);
    expect(judge([1, 0])).toHaveLength(1);
    expect(judge([Number.NaN])).toHaveLength(1);
  }
  expect(judgeBench({ peer: { peerScoresWithinToleranceShare: 1 } }).wrong).toEqual([]);
  expect(judgeBench({ peer: { peerScoresWithinToleranceShare: 0.99 } }).wrong).toHaveLength(1);
});

test("a peer's scores are held against the gateway's window by window, with a step of tolerance", () => {
  const own = [
    ["8a8a8a", "8a9010"],
    ["000000", "ffffff"],
  ];
  expect(comparePeerScores(own, own)).toEqual({ equalShare: 1, withinShare: 1 });
  const near = [own[0]!, ["000100", "fefffe"]];
  expect(comparePeerScores(near, own)).toEqual({ equalShare: 0.5, withinShare: 1 });
  const far = [own[0]!, ["000200", "ffffff"]];
  expect(comparePeerScores(far, own)).toEqual({ equalShare: 0.75, withinShare: 0.75 });
  // The same scores in another order are other scores.
  expect(comparePeerScores([[...own[0]!].reverse(), own[1]!], own).withinShare).toBe(0.5);
  expect(() => comparePeerScores([own[0]!], own)).toThrow("device 2 holds 2 windows, the peer found 0");
  expect(() => comparePeerScores([], [])).toThrow("no windows");
});

test("all limits that do not hold are told together, and only a least ratio and decisions fail beside memory", () => {
  const growth = { missed: ["39.5 kB a point, the limit is 20"] };
  const peer = { ...judgePeerRatio(2.5), decisionsEqual: true };
  expect(judgeBench({ growth, peer })).toEqual({
    missed: [...growth.missed, ...peer.missed],
    wrong: [],
    skipped: [],
  });
  expect(judgeBench({ peer: judgePeerRatio(1.9) }).wrong).toHaveLength(1);
  expect(judgeBench({ peer: { decisionsEqual: false } }).wrong).toHaveLength(1);
  expect(judgeBench({ start: { missed: judgeStart("small", 701) } })).toMatchObject({
    missed: ["small: 701 ms to start, the limit is 700"],
    wrong: [],
  });
  expect(judgeBench({ "first-minutes": { decisionsEqual: false, alarms: [] } }).wrong).toHaveLength(1);
  expect(judgeBench({ workers: { decisionsEqual: false, alarms: [], missing: [] } }).wrong).toHaveLength(1);
  expect(judgeBench({ mcu: { skipped: "no compiler" } }).skipped).toEqual([
    ["microcontrollers", "no compiler"],
  ]);
  expect(judgeBench({ ingest: { skipped: "no broker" } }).skipped).toEqual([["ingest", "no broker"]]);
});
