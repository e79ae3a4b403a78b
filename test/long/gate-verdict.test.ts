/** The gate over a small bundle that was just trained: judged, rebuilt, signed beside the folder, and played again. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { createKeyPair, parsePrivateKey } from "../../src/core/bundle/keys.ts";
import { evaluateGate, replayVerdict } from "../../src/training/evaluate-bundle.ts";
import type { GateCheck } from "../../src/training/gate/gate-check.ts";
import { compareVerdicts, readVerdict, verdictPath, writeVerdict } from "../../src/training/gate/verdict.ts";
import { writeSyntheticCwru } from "../training/synthetic-cwru.ts";
import { writeTinyConfig } from "../training/tiny-config.ts";
import { quiet, tinyOptions, trainFrom } from "../training/tiny-options.ts";

// Each trains once or several times.
vi.setConfig({ testTimeout: 180_000 });

const signer = parsePrivateKey(createKeyPair().privateKeyPem);
const { path: dir, remove } = createScratchFolder("gate");
let bundle = "";

async function trainInto(out: string, { seed, gated }: { seed: number; gated: boolean }): Promise<void> {
  const config = join(dir, `seed-${seed}.yaml`);
  await writeTinyConfig(config, seed);
  await trainFrom(config, { ...tinyOptions(dir, out, signer), gated });
}

beforeAll(async () => {
  bundle = join(dir, "1.0.0");
  await writeSyntheticCwru(dir, { seconds: 8, sizes: [7, 14, 21] });
  await trainInto("1.0.0", { seed: 1, gated: false });
});
afterAll(remove);

const context = { ...quiet, against: null };

test("trained once more from its folder, the bundle has the same digest, and no file is written for it", async () => {
  // A run that is ended by a signal leaves nothing behind where there is nothing to leave.
  vi.stubEnv("TMPDIR", join(dir, "nowhere"));
  const before = await readdir(dir, { recursive: true });
  onTestFinished(() => void vi.unstubAllEnvs());
  const { json } = await evaluateGate(bundle, { dataDir: dir, ...context, rebuild: "yes", signer: null });
  const { checks, metrics, verdict } = json as {
    checks: GateCheck[];
    metrics: Record<string, unknown>;
    verdict: null;
  };
  expect(verdict).toBeNull();
  // Every kind is held out on one machine: nothing can be drawn anew.
  expect(metrics.macroAuroc).toMatchObject({ value: expect.any(Number), low: null, high: null });
  expect(checks.map(({ name, outcome }) => [name, outcome])).toEqual(
    expect.arrayContaining([
      ["schema-and-digests", "passed"],
      ["leakage", "passed"],
      ["slices", "skipped"],
      ["explanation-additivity", "passed"],
      ["explanation-background", "passed"],
      ["reproducible-rebuild", "passed"],
      ["gate-at-training", "skipped"],
    ]),
  );
  expect(await readdir(dir, { recursive: true })).toEqual(before);
});

test("a verdict is signed beside the bundle, and played again every answer is the same", async () => {
  const options = { dataDir: dir, ...context, against: bundle };
  const { json, passed } = await evaluateGate(bundle, { ...options, rebuild: "no", signer });
  expect(json).toMatchObject({ verdict: verdictPath(bundle) });
  const replayed = await replayVerdict(bundle, [signer.publicKey], options);
  expect(replayed.json).toMatchObject({ isTrue: true, differences: [], passed });
  expect(replayed.lines[0]).toBe("the verdict is true: every answer is the same");
  // A refusal that is true is a refusal.
  expect(passed).toBe(false);
  expect(replayed.passed).toBe(false);
  expect(replayed.lines[1]).toMatch(/^the gate refused the bundle: \w/);
  const stranger = parsePrivateKey(createKeyPair().privateKeyPem).publicKey;
  await expect(replayVerdict(bundle, [stranger], options)).rejects.toMatchObject({
    code: "BUNDLE_SIGNATURE",
    message: expect.stringContaining(verdictPath(bundle)),
  });
  await expect(replayVerdict(bundle, [signer.publicKey], { dataDir: dir, ...context })).rejects.toMatchObject(
    { code: "USAGE" },
  );
});

test("a signed record that is not true is found, and the answer says where", async () => {
  const options = { dataDir: dir, ...context, against: bundle };
  const verdict = await readVerdict(bundle, [signer.publicKey]);
  const metrics = { ...verdict.metrics, macroAuroc: { value: 0.999, low: 0.99, high: 1 } };
  await writeVerdict(bundle, { ...verdict, metrics }, signer);
  const { passed, lines } = await replayVerdict(bundle, [signer.publicKey], options);
  expect(passed).toBe(false);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^metrics\.macroAuroc: the record says .*0\.999/);
  const checks = verdict.checks.map((check) =>
    check.name === "calibration" ? { ...check, limits: { expectedCalibrationError: 0.95 } } : check,
  );
  const lenient = compareVerdicts({ ...verdict, checks }, verdict);
  expect(lenient).toHaveLength(1);
  expect(lenient[0]).toMatch(
    /^calibration\.limits: the record says \{"expectedCalibrationError":0\.95\}, now/,
  );
});

test("a signed record that says otherwise than its checks is found", async () => {
  const options = { dataDir: dir, ...context, against: bundle };
  const verdict = await readVerdict(bundle, [signer.publicKey]);
  const checks = verdict.checks.map((check) => ({ ...check, outcome: "passed" as const }));
  const honest = { ...verdict, checks, passed: true };
  expect(compareVerdicts(honest, honest)).toEqual([]);
  expect(compareVerdicts({ ...honest, passed: false }, honest)).toEqual([
    "passed: the record says false, its checks say true",
  ]);
  await writeVerdict(bundle, { ...verdict, passed: !verdict.passed }, signer);
  const { passed, lines } = await replayVerdict(bundle, [signer.publicKey], options);
  expect(passed).toBe(false);
  expect(lines).toContain(`passed: the record says ${!verdict.passed}, its checks say ${verdict.passed}`);
  await writeVerdict(bundle, verdict, signer);
});

test("a signed record of another form is refused as such", async () => {
  const verdict = await readVerdict(bundle, [signer.publicKey]);
  for (const other of [{ ...verdict, formatVersion: 2 }, { ...verdict, checks: null }, null]) {
    await writeVerdict(bundle, other as typeof verdict, signer);
    await expect(readVerdict(bundle, [signer.publicKey])).rejects.toMatchObject({ code: "BUNDLE_FORMAT" });
  }
  await writeVerdict(bundle, verdict, signer);
});

test("a verdict of which a byte was changed is nobody's", async () => {
  const envelope = JSON.parse(await readFile(verdictPath(bundle), "utf8")) as { payload: string };
  const text = Buffer.from(envelope.payload, "base64").toString();
  const payload = Buffer.from(text.replace('"outcome":"failed"', '"outcome":"passed"')).toString("base64");
  expect(payload).not.toBe(envelope.payload);
  await writeFile(verdictPath(bundle), JSON.stringify({ ...envelope, payload }));
  await expect(readVerdict(bundle, [signer.publicKey])).rejects.toMatchObject({ code: "BUNDLE_SIGNATURE" });
});

test("a model that was made from other data is not compared with, nor judged", async () => {
  const scada = new URL("../../models/turbine-scada/1.0.0", import.meta.url).pathname;
  const options = { dataDir: dir, ...context, against: scada, rebuild: "no" as const, signer: null };
  await expect(evaluateGate(bundle, options)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("from recordings data"),
  });
});

test("training writes nothing that the gate refuses, and the message names the questions", async () => {
  // A second of training beats no physics score on clean impacts.
  const out = join(dir, "refused");
  await expect(trainInto("refused", { seed: 3, gated: true })).rejects.toMatchObject({
    code: "TRAINING",
    message: expect.stringContaining("baselines"),
  });
  await expect(readFile(join(out, "manifest.json"))).rejects.toThrow();
});
