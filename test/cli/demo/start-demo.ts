/** A demonstration as a process, with the tests' own bundle, and what it may leave. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { createKeyPair, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createTestBundle } from "../../support/test-bundle.ts";
import { waitsForNobody } from "../../support/waits-for-nobody.ts";
import { type Running, startAurora } from "../aurora.ts";

export interface Demo extends Running {
  /** Where the demonstration makes its own folder. */
  readonly folder: string;
  /** Ids of the processes that the demonstration has started. */
  children(): number[];
}

/** Starts a demonstration with the tests' own bundle. */
export async function startDemo(...args: readonly string[]): Promise<Demo> {
  const root = createTemporaryFolder();
  const models = join(root, "models");
  const pair = createKeyPair();
  const name = "bearing-vibration";
  await writeBundle(
    join(models, name, "1.0.0"),
    createTestBundle({ name }),
    parsePrivateKey(pair.privateKeyPem),
  );
  writeFileSync(join(models, "release.pub"), pair.publicKeyPem);
  const folder = join(root, "tmp");
  mkdirSync(folder);
  const demo = startAurora(["demo", "--models", models, ...args], { TMPDIR: folder });
  const seen = new Set<number>();
  const children = (): number[] => {
    for (const pid of childrenOf(demo.child.pid!)) seen.add(pid);
    return [...seen];
  };
  return { ...demo, folder, children };
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

export function isRunning(pid: number): boolean {
  try {
    // A zombie has ended.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Nothing is left of a demonstration. */
export function expectGone(demo: Demo): void {
  expect(demo.children().filter(isRunning)).toEqual([]);
  expect(readdirSync(demo.folder).filter((name) => name.startsWith("aurora-"))).toEqual([]);
}

/** Interrupts and expects the end at once. */
export async function interrupt(
  demo: Demo,
  by: NodeJS.Signals = "SIGINT",
): Promise<Awaited<Running["finished"]>> {
  demo.children();
  demo.child.kill(by);
  const finished = await waitsForNobody(demo.finished);
  expectGone(demo);
  return finished;
}

/** A demonstration that soon alerts. */
export const alerting = ["--seed", "1", "--fault", "outer-race", "--speed", "20"];
