import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { VerifiedBundle } from "../../../src/core/bundle/bundle.ts";
import { verifyBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { type FileSystem, nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createSlotProof, type SlotProof } from "../../../src/gateway/updates/slot-proof.ts";
import { newKey, sampleContents } from "../../core/bundle/sample-bundle.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const key = newKey();

interface Change {
  readonly runtimeVersion?: string;
  readonly failed?: number | "dies" | "hangs";
  readonly files?: FileSystem;
  readonly timeoutMs?: number;
}

/** A prover that notes each run, and finds as many cases wrong as `failed` says, or dies or hangs. */
async function openRig() {
  const stateDir = createTemporaryFolder();
  const dir = join(createTemporaryFolder(), "a");
  await writeBundle(dir, sampleContents({ version: "1.1.0" }), key);
  const bundle: VerifiedBundle = await verifyBundle(dir, [key.publicKey]);
  const notes = join(stateDir, "runs");
  const script = join(stateDir, "prover.mjs");
  await writeFile(notes, "");
  await writeFile(
    script,
    `import { appendFileSync } from "node:fs";
const [notes, failed] = process.argv.slice(2);
appendFileSync(notes, "x");
if (failed === "dies") process.kill(process.pid, "SIGKILL");
if (failed === "hangs") setInterval(() => {}, 1000);
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { digest, engine } = JSON.parse(text);
const ok = failed === "0";
console.log(JSON.stringify({ formatVersion: 1, ok, digest, engine, cases: 1, failed: Number(failed), detail: "" }));
process.exitCode = ok ? 0 : 1;
`,
  );
  const unproved: string[] = [];
  const open = (change: Change = {}): SlotProof => {
    const { runtimeVersion = "0.1.0", failed = 0, files = nodeFileSystem, timeoutMs = 60_000 } = change;
    const prover = { command: process.execPath, args: [script, notes, String(failed)], timeoutMs };
    const onUnproved = (_dir: string, { message }: Error): void => void unproved.push(message);
    const around = { files, logger: silentLogger, onUnproved, prover };
    return createSlotProof({ runtimeVersion, engine: "integer", ...around });
  };
  const runs = async (): Promise<number> => (await readFile(notes, "utf8")).length;
  const prove = (change?: Change) => open(change).proveOnce(stateDir, dir, bundle);
  return { stateDir, dir, bundle, open, runs, prove, unproved };
}

test("what stands in a slot is proved once on a runtime, and again on another or where nothing is known of it", async () => {
  const { stateDir, runs, prove } = await openRig();
  await prove();
  await prove();
  expect(await runs()).toBe(1);
  await prove({ runtimeVersion: "0.2.0" });
  await prove({ runtimeVersion: "0.2.0" });
  expect(await runs()).toBe(2);
  vi.stubGlobal("process", Object.create(process, { version: { value: "v99.0.0" } }));
  onTestFinished(() => void vi.unstubAllGlobals());
  await prove({ runtimeVersion: "0.2.0" });
  vi.unstubAllGlobals();
  expect(await runs()).toBe(3);
  for (const damaged of ["{", `{"runtime":1}`, " ".repeat(9000)]) {
    const before = await runs();
    await writeFile(join(stateDir, "proved.json"), damaged);
    await prove({ runtimeVersion: "0.2.0" });
    expect(await runs()).toBe(before + 1);
  }
});

test("what came by an update was proved then, and what does not compute what it must is refused at each start", async () => {
  const { stateDir, dir, bundle, open, runs, prove } = await openRig();
  const { digest } = bundle;
  await open().prove(stateDir, { bundleDir: dir, digest, cases: 1 }, new AbortController().signal);
  await prove();
  expect(await runs()).toBe(1);
  for (const times of [2, 3]) {
    await expect(prove({ runtimeVersion: "0.2.0", failed: 1 })).rejects.toThrow("1 of 1 golden cases differ");
    expect(await runs()).toBe(times);
  }
});

test("an accident of the proof takes no model out of service: it is told, and proved again at the next start", async () => {
  const { runs, prove, unproved } = await openRig();
  await prove({ failed: "dies" });
  expect(unproved).toEqual([expect.stringContaining("SIGKILL")]);
  await prove();
  await prove();
  expect([await runs(), unproved.length]).toEqual([2, 1]);
});

test("all proofs of one start have the time of one together", async () => {
  const { stateDir, dir, bundle, open, unproved } = await openRig();
  const start = open({ failed: "hangs", timeoutMs: 300 });
  for (const _slot of ["b", "a"]) await start.proveOnce(stateDir, dir, bundle);
  expect(unproved).toEqual([
    "the prover gave no answer within 300 ms",
    "no time was left at this start to prove it",
  ]);
});

test("a disk that takes no mark, or gives none, costs another proof, and no model", async () => {
  const { runs, prove } = await openRig();
  const fail = async () => expect.fail("the disk fails");
  const files: FileSystem = { ...nodeFileSystem, writeAtomic: fail };
  await prove({ files });
  await prove({ files: { ...files, read: fail } });
  expect(await runs()).toBe(2);
});
