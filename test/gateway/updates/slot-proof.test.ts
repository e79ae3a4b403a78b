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

/** A prover that notes each run, and finds as many cases wrong as `failed` says. */
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
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { digest, engine } = JSON.parse(text);
const ok = failed === "0";
console.log(JSON.stringify({ formatVersion: 1, ok, digest, engine, cases: 1, failed: Number(failed), detail: "" }));
process.exitCode = ok ? 0 : 1;
`,
  );
  const open = (change: { runtimeVersion?: string; failed?: number; files?: FileSystem } = {}): SlotProof => {
    const { runtimeVersion = "0.1.0", failed = 0, files = nodeFileSystem } = change;
    const prover = { command: process.execPath, args: [script, notes, String(failed)] };
    return createSlotProof({ runtimeVersion, engine: "integer", files, logger: silentLogger, prover });
  };
  const runs = async (): Promise<number> => (await readFile(notes, "utf8")).length;
  const prove = (change?: Parameters<typeof open>[0]) => open(change).proveOnce(stateDir, dir, bundle);
  return { stateDir, dir, bundle, open, runs, prove };
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

test("a disk that takes no mark costs another proof, and no model", async () => {
  const { runs, prove } = await openRig();
  const files: FileSystem = {
    ...nodeFileSystem,
    writeAtomic: async () => expect.fail("the disk is full"),
  };
  await prove({ files });
  await prove({ files });
  expect(await runs()).toBe(2);
});
