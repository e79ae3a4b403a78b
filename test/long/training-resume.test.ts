/** A training that is stopped, and one that is killed: both go on where they stood and give the same bytes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import type { TrainingResult } from "../../src/training/train.ts";
import { compiledCommand } from "../support/compiled.ts";
import { writeSyntheticCwru } from "../training/synthetic-cwru.ts";
import { writeTinyConfig } from "../training/tiny-config.ts";
import { tinyOptions, trainFrom } from "../training/tiny-options.ts";

// Each trains once or several times.
vi.setConfig({ testTimeout: 180_000 });

const signer = parsePrivateKey(createKeyPair().privateKeyPem);
const { path: dir, remove } = createScratchFolder("resume");
let config = "";
let digest = "";
const whole: string[] = [];

interface Run {
  readonly out: string;
  readonly work: string | null;
  readonly log?: (message: string) => void;
  readonly signal?: AbortSignal;
}

function run({ out, work, log, signal }: Run): Promise<TrainingResult> {
  return trainFrom(config, {
    ...tinyOptions(dir, out, signer),
    workDir: work === null ? null : join(dir, work),
    ...(log === undefined ? {} : { log }),
    ...(signal === undefined ? {} : { signal }),
  });
}

beforeAll(async () => {
  await writeSyntheticCwru(dir, { seconds: 8, sizes: [7, 14, 21] });
  config = join(dir, "tiny.yaml");
  await writeTinyConfig(config, 1);
  ({ digest } = await run({ out: "whole", work: null, log: (line) => whole.push(line) }));
});
afterAll(remove);

test("another seed gives another digest; that the same one gives the same is shown below", async () => {
  const other = join(dir, "other.yaml");
  await writeTinyConfig(other, 3);
  expect((await trainFrom(other, tinyOptions(dir, "other", signer))).digest).not.toBe(digest);
});

test("stopped after each step in turn, it repeats none and ends with the same bytes", async () => {
  const madeSteps = (lines: readonly string[]): string[] =>
    lines.flatMap((line) => /^step [^:]*(?=: [0-9.]+ s$)/.exec(line) ?? []);
  const keepable = madeSteps(whole).filter((step) => !/ (data|bundle|gate)$/.test(step));
  const made: string[] = [];
  for (const step of keepable) {
    const stop = new AbortController();
    const lines: string[] = [];
    const log = (line: string): void => {
      lines.push(line);
      if (line.startsWith(`${step}:`)) stop.abort();
    };
    await expect(run({ out: "stopped", work: "w1", log, signal: stop.signal })).rejects.toMatchObject({
      code: "TRAINING",
    });
    made.push(...madeSteps(lines).filter((each) => keepable.includes(each)));
  }
  expect(made).toEqual(keepable);
  expect((await run({ out: "stopped", work: "w1" })).digest).toBe(digest);
});

test("killed in the middle of a step, the next run takes up the finished ones and gives the same bytes", async () => {
  const args = ["train", config, "--data", dir, "--ungated", "--out", join(dir, "killed"), "--work"];
  const child = spawn(process.execPath, [compiledCommand(), ...args, join(dir, "w2")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  for await (const line of createInterface({ input: child.stderr })) {
    if (!/ teacher: [0-9.]+ s$/.test(line)) continue;
    child.kill("SIGKILL");
    break;
  }
  await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  const lines: string[] = [];
  expect((await run({ out: "killed", work: "w2", log: (line) => lines.push(line) })).digest).toBe(digest);
  expect(lines.filter((line) => line.endsWith("kept from an earlier run")).length).toBeGreaterThanOrEqual(3);
});
