/** `aurora demo`: the main job on three turbines, one of them failing, with nothing else to install. */
import { randomInt } from "node:crypto";
import { Command, Option } from "commander";
import { createInstallationKeys } from "../../collector/registry/installation-keys.ts";
import { faultKinds } from "../../core/contract/bundle/bearing-fault.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { type DemoOutcome, type RunDemoOptions, runDemo } from "../demo/run-demo.ts";
import { shippedModelsDir } from "../terminal/installation.ts";
import { parseInteger, parseNumber } from "../terminal/options.ts";

interface DemoOptions {
  readonly seed?: number;
  readonly fault: RunDemoOptions["fault"];
  readonly data?: string;
  readonly allowTrainingData?: boolean;
  readonly until?: "alert";
  readonly timeout: number;
  readonly speed: number;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly models?: string;
  readonly json?: boolean;
}

export function demoCommand(): Command {
  return new Command("demo")
    .option(
      "--seed <n>",
      "seed of turbines, fault and onset (default: random, printed)",
      parseInteger(0, 2 ** 31),
    )
    .addOption(
      new Option("--fault <kind>", "which fault develops")
        .choices([...faultKinds, "random", "none"])
        .default("random"),
    )
    .option("--data <dir>", "replay real recordings (<dir>/cwru) instead of simulating")
    .option("--allow-training-data", "also replay bearings that the model was trained on, and say so")
    .addOption(
      new Option("--until <event>", "end with the alert; exit code 0 only if it is the expected one").choices(
        ["alert"],
      ),
    )
    .option("--timeout <seconds>", "longest wait for it", parseNumber(1, 86_400), 120)
    .option("--speed <factor>", "simulated seconds per second", parseNumber(0.1, 1000), 2)
    .option("--http-port <port>", "port of the page; 0 picks a free one", parseInteger(0, 65_535), 0)
    .option(
      "--mqtt-port <port>",
      "port of the embedded broker; 0 picks a free one",
      parseInteger(0, 65_535),
      0,
    )
    .option("--models <dir>", "bundles, with their key release.pub (default: those that came with aurora)")
    .option("--json", "print one JSON object on stdout at the end, everything else on stderr")
    .addHelpText(
      "after",
      `
Examples:
  $ aurora demo
  $ aurora demo --fault none
  $ aurora demo --data ../shared/data
  $ aurora demo --until alert --json
`,
    )
    .action(async (options: DemoOptions) => {
      const outcome = await run(options);
      if (options.json && outcome.report !== null)
        process.stdout.write(`${JSON.stringify(outcome.report)}\n`);
      if (outcome.verdict !== null && outcome.verdict !== "met") process.exitCode = 1;
    });
}

function run(options: DemoOptions): Promise<DemoOutcome> {
  const out = options.json ? process.stderr : process.stdout;
  return runDemo({
    seed: options.seed ?? randomInt(1_000_000),
    fault: options.fault,
    dataDir: options.data ?? null,
    allowTrainingData: options.allowTrainingData ?? false,
    until: options.until ?? null,
    timeoutMs: options.timeout * 1000,
    speed: options.speed,
    httpPort: options.httpPort,
    mqttPort: options.mqttPort,
    modelsDir: options.models ?? shippedModelsDir(),
    makeKeys: async (dir) => (await createInstallationKeys(dir, systemClock.nowMs())).rootFile,
    say: (text) => out.write(text),
    color: out.isTTY === true && process.env.NO_COLOR === undefined,
    stopped: new Promise((resolve) => {
      // Not `once`: a second Ctrl-C must not cut the cleaning up short. SIGHUP: its terminal was closed.
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
    }),
  });
}
