/** `aurora demo`: the main job on three turbines, one of them failing, with nothing else to install. */
import { randomInt } from "node:crypto";
import { Command, Option } from "commander";
import { createInstallationKeys } from "../../collector/registry/installation-keys.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { faultKinds } from "../../core/contract/bundle/bearing-fault.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { type DriftKind, driftKinds } from "../../core/simulate/drift-plan.ts";
import { driftPeriods } from "../demo/plan-drift.ts";
import { type DemoOutcome, type RunDemoOptions, runDemo } from "../demo/run-demo.ts";
import { shippedModelsDir } from "../installation.ts";
import { parseHttpPort, parseInteger, parseNumber } from "../terminal/options.ts";
import { hasColours, printJson } from "../terminal/print-reply.ts";

interface DemoOptions {
  readonly seed?: number;
  readonly fault?: RunDemoOptions["fault"] | "sensor";
  readonly drift?: DriftKind | "none";
  readonly data?: string;
  readonly allowTrainingData?: boolean;
  readonly until?: "alert" | "drift";
  readonly timeout?: number;
  readonly speed?: number;
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
      new Option(
        "--fault <kind>",
        "which fault develops (default: random); sensor: a sensor's, as --drift sensor",
      ).choices([...faultKinds, "sensor", "random", "none"]),
    )
    .addOption(
      new Option(
        "--drift <kind>",
        "what changes without being a fault of the machine, over weeks that pass in minutes; none: nothing does",
      ).choices([...driftKinds, "none"]),
    )
    .option("--data <dir>", "replay real recordings (<dir>/cwru) instead of simulating")
    .option("--allow-training-data", "also replay bearings that the model was trained on, and say so")
    .addOption(
      new Option(
        "--until <event>",
        "end with the alert or the drift; exit code 0 only if it is the expected one",
      ).choices(["alert", "drift"]),
    )
    .option("--timeout <seconds>", "longest wait for it (default: 120, of drift 300)", parseNumber(1, 86_400))
    .option(
      "--speed <factor>",
      `simulated seconds per second (default: 2, of drift ${driftPeriods.speed} until the present is reached)`,
      parseNumber(0.1, 1000),
    )
    .option("--http-port <port>", "port of the page; 0 picks a free one", parseHttpPort, 0)
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
  $ aurora demo --drift grease
  $ aurora demo --fault sensor --until drift
`,
    )
    .action(async (options: DemoOptions) => {
      const outcome = await run(options);
      // Stopped before anything ran, it has nothing to report but that.
      if (options.json) printJson(outcome.report ?? { stopped: true });
      if (outcome.verdict !== null && outcome.verdict !== "met") process.exitCode = 1;
    });
}

/**
 * What is played. Fails with USAGE where the options contradict one another.
 * @returns drift null: a fault, or its absence
 */
export function choosePlay(
  options: Pick<DemoOptions, "fault" | "drift" | "data" | "until" | "allowTrainingData">,
): Pick<RunDemoOptions, "fault" | "drift"> {
  const { fault, data, until } = options;
  const drift = options.drift ?? (fault === "sensor" ? "sensor" : null);
  const refuse = (message: string, hint: string): AuroraError =>
    new AuroraError("USAGE", message, { op: "run demonstration", hint });
  if (options.allowTrainingData === true && data === undefined) {
    throw refuse(
      "--allow-training-data is for recordings, and none are played",
      "add --data DIR, or leave it out",
    );
  }
  if (fault === "sensor" && drift !== "sensor") {
    throw refuse(
      `--fault sensor contradicts --drift ${drift}`,
      "name one of them: one thing changes at a time",
    );
  }
  if (drift === null) {
    if (until !== "drift")
      return { fault: fault === undefined || fault === "sensor" ? "random" : fault, drift };
    throw refuse(
      "--until drift waits for a drift, and none is played",
      "add --drift grease, winter, sensor or none",
    );
  }
  if (fault !== undefined && fault !== "sensor" && fault !== "none") {
    throw refuse(
      `--fault ${fault} contradicts --drift ${drift}`,
      "name one of them: one thing changes at a time",
    );
  }
  if (data !== undefined) {
    throw refuse("recordings do not drift", "leave --data out: a drift is simulated");
  }
  if (until === "alert") {
    throw refuse("--until alert waits for an alert, and a drift raises none", "use --until drift");
  }
  return { fault: "none", drift };
}

function run(options: DemoOptions): Promise<DemoOutcome> {
  const out = options.json ? process.stderr : process.stdout;
  const play = choosePlay(options);
  const isDrift = play.drift !== null;
  return runDemo({
    ...play,
    seed: options.seed ?? randomInt(1_000_000),
    dataDir: options.data ?? null,
    allowTrainingData: options.allowTrainingData ?? false,
    until: options.until ?? null,
    timeoutMs: 1000 * (options.timeout ?? (isDrift ? 300 : 120)),
    speed: options.speed ?? (isDrift ? driftPeriods.speed : 2),
    httpPort: options.httpPort,
    mqttPort: options.mqttPort,
    modelsDir: options.models ?? shippedModelsDir(),
    makeKeys: async (dir) => (await createInstallationKeys(dir, systemClock.nowMs())).rootFile,
    say: (text) => out.write(text),
    color: hasColours(out),
    stopped: new Promise((resolve) => {
      // Not `once`: a second Ctrl-C must not cut the cleaning up short. SIGHUP: its terminal was closed.
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
    }),
  });
}
