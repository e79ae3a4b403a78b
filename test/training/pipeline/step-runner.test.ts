import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { createStepRunner, type StepRunner } from "../../../src/training/pipeline/step-runner.ts";
import { openWorkFolder, type WorkFolder } from "../../../src/training/pipeline/work-folder.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

let dir = "";
let work: WorkFolder;
beforeEach(async () => {
  dir = createTemporaryFolder();
  work = await openWorkFolder(dir);
});

function runner(options: { code?: string; signal?: AbortSignal } = {}): {
  steps: StepRunner;
  made: string[];
  log: string[];
  shown: string[];
} {
  const log: string[] = [];
  const shown: string[] = [];
  const steps = createStepRunner({
    work,
    code: options.code ?? "code",
    log: (line) => log.push(line),
    progress: (done, total, what) => shown.push(`${done}/${total} ${what}`),
    monotonicMs: () => 0,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { steps, made: [], log, shown };
}

/** Two steps, of which the second reads the first. */
async function runTwo(config: number, run: ReturnType<typeof runner>): Promise<number> {
  const first = await run.steps.run("features", { config, from: [] }, () => {
    run.made.push("features");
    return { rows: Float32Array.of(config % 2) };
  });
  const second = await run.steps.run("teacher", { config: null, from: [first] }, () => {
    run.made.push("teacher");
    return first.value.rows[0]! + 1;
  });
  return second.value;
}

test("a finished step is not run again, and gives the same", async () => {
  expect(await runTwo(1, runner())).toBe(2);
  const again = runner();
  expect(await runTwo(1, again)).toBe(2);
  expect(again.made).toEqual([]);
  expect(again.log.every((line) => line.includes("kept from an earlier run"))).toBe(true);
});

test("a step is shown when it begins, and not when it is kept", async () => {
  const first = runner();
  await runTwo(1, first);
  await first.steps.run("quantise", { part: "rivals", config: 1, from: [] }, () => 1);
  expect(first.shown).toEqual([
    "2/13 steps, now features",
    "3/13 steps, now teacher",
    "7/13 steps, now quantise (rivals)",
  ]);
  const again = runner();
  await runTwo(1, again);
  expect(again.shown).toEqual([]);
});

test("another configuration, other code or another part runs anew; what is unchanged downstream does not", async () => {
  await runTwo(1, runner());
  const sameOutput = runner();
  await runTwo(3, sameOutput);
  expect(sameOutput.made).toEqual(["features"]);
  const otherOutput = runner();
  await runTwo(2, otherOutput);
  expect(otherOutput.made).toEqual(["features", "teacher"]);
  const otherCode = runner({ code: "other" });
  await runTwo(1, otherCode);
  expect(otherCode.made).toEqual(["features", "teacher"]);
  let made = 0;
  const parts = runner().steps;
  for (const part of ["a", "b", "a"]) {
    await parts.run("calibrate", { part, config: null, from: [] }, () => made++);
  }
  expect(made).toBe(2);
});

test("a damaged or shortened output is made again", async () => {
  await runTwo(1, runner());
  for (const name of await readdir(dir)) {
    const bytes = await readFile(join(dir, name));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(dir, name), name.startsWith("teacher") ? bytes.subarray(0, 5) : bytes);
  }
  const again = runner();
  expect(await runTwo(1, again)).toBe(2);
  expect(again.made).toEqual(["features", "teacher"]);
});

test("an output that is there and cannot be read ends the run instead of being made again", async () => {
  await runTwo(1, runner());
  for (const name of await readdir(dir)) {
    await rm(join(dir, name));
    await mkdir(join(dir, name));
  }
  const again = runner();
  await expect(runTwo(1, again)).rejects.toMatchObject({ code: "STORE" });
  expect(again.made).toEqual([]);
});

test("what the last whole run did not use is removed", async () => {
  await runTwo(1, runner());
  work = await openWorkFolder(dir);
  await runTwo(2, runner());
  await work.prune();
  expect(await readdir(dir)).toHaveLength(2);
  const again = runner();
  await runTwo(2, again);
  expect(again.made).toEqual([]);
});

test("steps out of order are a mistake, and a stop comes before the next step", async () => {
  const { steps } = runner();
  await steps.look("evaluate", () => 1);
  await expect(steps.look("data", () => 1)).rejects.toThrow("step data after evaluate");
  const stop = new AbortController();
  const stopped = runner({ signal: stop.signal });
  await stopped.steps.look("data", () => 1);
  stop.abort();
  await expect(stopped.steps.look("contract", () => 1)).rejects.toMatchObject({ code: "TRAINING" });
});
