import { execFileSync } from "node:child_process";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { openSlots } from "../../../src/core/serving/slots.ts";
import { sampleContents } from "../../core/bundle/sample-bundle.ts";
import { compiledRoot } from "../../support/compiled.ts";
import { refusedContents, refusedWords } from "../../support/refused-bundle.ts";
import { createUpdateFixture, type UpdateFixture } from "./update-fixture.ts";

let fixture: UpdateFixture;
beforeEach(async () => {
  fixture = await createUpdateFixture();
});
afterEach(() => {
  vi.unstubAllEnvs();
  return fixture.close();
});

describe("the prover", () => {
  const attempt = async (body: string, timeoutMs?: number): Promise<string> => {
    const gateway = await fixture.gateway({ prover: await fixture.prover(body, timeoutMs) });
    const outcome = await gateway.updater.checkNow();
    expect(gateway.activated).toEqual([]);
    expect(await openSlots(gateway.stateDir, nodeFileSystem).active()).toBeNull();
    expect(gateway.story().at(-1)).toBe("refused 1.1.0");
    if (outcome.kind !== "refused") throw new Error(`not refused: ${outcome.kind}`);
    return `${outcome.final ? "final" : "again"}: ${outcome.reason}`;
  };

  it("must reproduce every case: a difference is final", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    expect(
      await attempt("answer({ ...report, ok: false, failed: 1, detail: 'case 0: 3 for 200' }, 1);"),
    ).toBe("final: 1 of 1 golden cases differ on this machine: case 0: 3 for 200");
  });

  it("refuses what no gateway can open at once, once, in plain words", async () => {
    const main = join(compiledRoot(), "dist", "src", "gateway", "updates", "prove-main.js");
    await fixture.publish(await refusedContents({ name: "bearing-sample", version: "1.1.0" }));
    for (const engine of ["auto", "onnx"] as const) {
      const prover = { command: process.execPath, args: [main], timeoutMs: 60_000, engine };
      const gateway = await fixture.gateway({ prover });
      expect(await gateway.updater.checkNow()).toMatchObject({
        kind: "refused",
        final: true,
        reason: refusedWords,
      });
      expect(await gateway.updater.checkNow()).toEqual({ kind: "current" });
      expect(gateway.story().filter((step) => step.startsWith("refused"))).toEqual(["refused 1.1.0"]);
      expect(gateway.steps.at(-1)?.detail).toBe(refusedWords);
    }
  });

  it("may not hang, crash, talk nonsense, prove too little or contradict itself", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    expect(await attempt("setInterval(() => {}, 1000);", 300)).toMatch(/^again: .*no answer within 300 ms/);
    expect(await attempt("for (;;);", 300)).toMatch(/^again: .*no answer within 300 ms/);
    expect(await attempt("process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 9);")).toMatch(
      /^again: .*SIGSEGV/,
    );
    expect(await attempt("throw new Error('engine broke');")).toMatch(/^again: .*exit code 1.*engine broke/s);
    expect(await attempt("console.log('all good');")).toMatch(/^again: .*without a report/);
    expect(await attempt("answer({ ...report, cases: 0 }, 0);")).toMatch(/^again: .*ran 0 of 1 cases/);
    expect(await attempt("answer({ ...report, digest: '0'.repeat(64) }, 0);")).toMatch(
      /^again: .*another bundle/,
    );
    expect(await attempt("answer(report, 3);")).toMatch(
      /^again: .*reported success and ended with exit code 3/,
    );
    expect(await attempt("setInterval(() => process.stdout.write('x'.repeat(60000)), 1);")).toMatch(
      /more than 65536/,
    );
    const missing = {
      command: join(fixture.base, "nothing"),
      args: [],
      timeoutMs: 1000,
      engine: "auto",
    } as const;
    const gateway = await fixture.gateway({ prover: missing });
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "refused", final: false });
    // Refused by the system at once, as when there is no memory for another process.
    const impossible = await fixture.gateway({ prover: { ...missing, command: "\0" } });
    expect(await impossible.updater.checkNow()).toMatchObject({
      kind: "refused",
      final: false,
      reason: expect.stringContaining("cannot be started"),
    });
  });

  it("costs the gateway nothing but a try where this may open no more files", () => {
    const module = join(compiledRoot(), "dist", "src", "gateway", "updates", "prove-bundle.js");
    const program = `
      import { openSync } from "node:fs";
      import { proveBundle } from "${pathToFileURL(module)}";
      try {
        for (;;) openSync("/dev/null");
      } catch {}
      const prover = { command: process.execPath, args: [], timeoutMs: 1000, engine: "auto" };
      const failure = await proveBundle(prover, { bundleDir: "", digest: "", cases: 1 }).catch((error) => error);
      setImmediate(() => console.log(failure.message));`;
    const shell = ["-c", 'ulimit -n 200 && exec "$0" --input-type=module -e "$1"', process.execPath, program];
    expect(execFileSync("sh", shell, { encoding: "utf8" })).toMatch(
      /^the prover cannot be started: .*EMFILE/,
    );
  });

  it("is tried three times, reported once a reason, and then the update is given up", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const gateway = await fixture.gateway({ prover: await fixture.prover("process.exit(9);") });
    const outcomes: unknown[] = [];
    for (let look = 0; look < 5; look++) outcomes.push(await gateway.updater.checkNow());
    expect(outcomes).toEqual([
      expect.objectContaining({ kind: "refused", final: false }),
      expect.objectContaining({ kind: "refused", final: false }),
      expect.objectContaining({ kind: "refused", final: true }),
      { kind: "current" },
      { kind: "current" },
    ]);
    expect(gateway.story().slice(3)).toEqual(["refused 1.1.0", "refused 1.1.0"]);
  });

  it("that takes the whole gateway down is not tried for ever", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    // The state folder as a crash within the proof leaves it, three times over.
    let copy: string | undefined;
    for (let crash = 0; crash < 3; crash++) {
      const target = join(fixture.base, `crash-${crash}`);
      const prover = await fixture.prover("answer(report, 0);");
      const gateway = await fixture.gateway(
        {
          prover,
          onStep: async (record) => {
            if (record.step === "proved") await cp(gateway.stateDir, target, { recursive: true });
          },
        },
        copy,
      );
      await gateway.updater.checkNow();
      copy = target;
    }
    const gateway = await fixture.gateway({}, copy);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "refused", final: true });
    expect(gateway.steps.at(-1)?.detail).toBe(
      "given up after 3 attempts: the gateway stopped each time, perhaps for want of memory (give the gateway more, or write gateway.profile: small if it is not so; then publish an update that was given up under a higher version, `aurora bundle republish`)",
    );
  });

  it("does not see the secrets of the gateway's environment", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    vi.stubEnv("AURORA_TEST_SECRET", "hush");
    vi.stubEnv("MALLOC_ARENA_MAX", "1");
    const body = "answer({ ...report, detail: Object.keys(process.env).join() }, 0);";
    const gateway = await fixture.gateway({ prover: await fixture.prover(body) });
    await gateway.updater.checkNow();
    const detail = gateway.steps.find((step) => step.step === "proved")?.detail ?? "";
    expect(detail).toContain("PATH");
    expect(detail).toContain("MALLOC_ARENA_MAX");
    expect(detail).not.toContain("SECRET");
  });

  it.skipIf(process.platform !== "linux")("is ended before the gateway where memory runs short", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const body = "answer({ ...report, detail: readFileSync('/proc/self/oom_score_adj', 'utf8').trim() }, 0);";
    const gateway = await fixture.gateway({ prover: await fixture.prover(body) });
    await gateway.updater.checkNow();
    expect(gateway.steps.find(({ step }) => step === "proved")?.detail).toMatch(/: 1000$/);
  });

  it("that the kernel ends says what may have been short", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    expect(await attempt("process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 9);")).toBe(
      "again: the prover was killed by SIGKILL, perhaps for want of memory (give the gateway more, or write gateway.profile: small if it is not so; then publish an update that was given up under a higher version, `aurora bundle republish`), without a report",
    );
  });

  it("is killed when the gateway stops, which costs no attempt", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const gateway = await fixture.gateway({
      prover: await fixture.prover("setInterval(() => {}, 1000);"),
      onStep: (record) => {
        if (record.step === "staged") setTimeout(() => void gateway.updater.close(), 100);
      },
    });
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "unreachable" });
    const journal: unknown = JSON.parse(await readFile(join(gateway.stateDir, "journal.json"), "utf8"));
    expect(journal).toMatchObject({ pending: { attempts: 0, step: "staged" } });
  });
});
