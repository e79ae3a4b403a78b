import { expect, onTestFinished, test, vi } from "vitest";
import { runDemo } from "../../../src/cli/demo/run-demo.ts";

test("a demonstration without a temporary folder says which one it wanted and how to name another", async () => {
  vi.stubEnv("TMPDIR", "/dev/null/tmp");
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const run = runDemo({
    seed: 1,
    fault: "none",
    drift: null,
    dataDir: null,
    allowTrainingData: false,
    until: null,
    timeoutMs: 1000,
    speed: 1,
    httpPort: 0,
    mqttPort: 0,
    modelsDir: "/dev/null/tmp",
    makeKeys: () => Promise.resolve(""),
    say: () => {},
    color: false,
    stopped: new Promise(() => {}),
  });
  await expect(run).rejects.toMatchObject({
    code: "STORE",
    subject: "/dev/null/tmp",
    hint: expect.stringContaining("TMPDIR"),
  });
});
