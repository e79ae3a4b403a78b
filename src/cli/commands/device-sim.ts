/** `aurora device sim`: a device that streams simulated vibration or a recording to a gateway. */
import { Command, Option } from "commander";
import { faultKinds } from "../../core/contract/bundle/bearing-fault.ts";
import { defaultBase } from "../../core/contract/topics.ts";
import { systemTimers } from "../../core/platform/clock.ts";
import { startDeviceSimulator } from "../device/device-simulator.ts";
import { openSimulatedDevice, type SimulatedDeviceOptions } from "../device/simulated-device.ts";
import { watchProgress } from "../device/watch-progress.ts";
import { baudOption, parseId, parseInteger, parseNumber } from "../terminal/options.ts";
import { printJson, printWords } from "../terminal/print-reply.ts";

/** A gateway tries a device that is away less and less often. */
const minWaitMs = 30_000;

interface DeviceSimFlags extends SimulatedDeviceOptions {
  readonly json?: boolean;
}

/** Builds the command `sim`, to be put under `aurora device`. */
export function deviceSimCommand(): Command {
  return new Command("sim")
    .description("be a device: stream simulated vibration or a recording to a gateway")
    .option(
      "--connect <address>",
      "where the gateway reaches it: tcp://host:port to listen on (port 0: any), a serial path or pty, or mqtt://host:port",
      "tcp://127.0.0.1:4001",
    )
    .addOption(baudOption())
    .option("--id <id>", "the device's id", parseId, "sim-1")
    .option("--gateway <id>", "the gateway's id, for MQTT topics", parseId, "gateway-1")
    .option("--base <topic>", "base topic", defaultBase)
    .option("--username <name>", "user at the broker; the password comes from AURORA_MQTT_PASSWORD")
    .option(
      "--speed <factor>",
      "simulated seconds per second, or max: as fast as the gateway takes them",
      parseSpeed,
      1,
    )
    .option(
      "--seed <n>",
      "seed of the simulation and of the line's disturbances",
      parseInteger(-(2 ** 31), 2 ** 32),
      1,
    )
    .option("--turbines <n>", "turbines in the simulated park", parseInteger(1, 100), 3)
    .option("--turbine <index>", "which of them this device sits on, from 0", parseInteger(0, 99), 0)
    .addOption(
      new Option(
        "--fault <kind>",
        "random: planned by the seed for one turbine of the park; a kind: this turbine's",
      )
        .choices([...faultKinds, "random", "none"])
        .default("random"),
    )
    .option("--onset <seconds>", "simulated seconds until the fault begins", parseNumber(0, 1e7))
    .option("--growth <seconds>", "simulated seconds until it is fully developed", parseNumber(0, 1e7))
    .option("--rate <hz>", "sampling rate of the simulation", parseNumber(8_000, 65_536), 12_000)
    .option(
      "--duration <seconds>",
      "simulated seconds after which it ends; without a gateway it ends, with exit code 1, after as long, 30 s at least",
      parseNumber(0.1, 1e9),
    )
    .option("--recording <file>", "play this recording, which a NAME.json or index.json beside it describes")
    .addOption(
      new Option("--end <end>", "accelerometer of the recording")
        .choices(["DE", "FE", "both"])
        .default("both"),
    )
    .option("--once", "end with the recording instead of beginning again")
    .option("--noise <rate>", "share of bits inverted on their way", parseNumber(0, 1), 0)
    .option("--drop <rate>", "share of frames lost on their way", parseNumber(0, 1), 0)
    .option("--truncate <rate>", "share of frames cut on their way", parseNumber(0, 1), 0)
    .option("--key <file>", "the device's key: with it the device infers itself where its gateway wants that")
    .option("--model <bundle>", "folder of the bundle whose model it runs from the start; needs --key")
    .option("--slot <file>", "where the confirmed model is kept from run to run; needs --key")
    .option("--json", "print what happens as one JSON object a line")
    .addHelpText(
      "after",
      `
The line that begins with "device" names the bearing that is simulated; it stands in no catalogue.
\`aurora init --bearing '{"bpfo":…}'\` takes it as it is printed.

Examples:
  $ aurora device sim --connect tcp://127.0.0.1:4001 --fault inner-race --onset 10
  $ aurora device sim --recording data/cwru/Normal_48k_load0.npy --end DE --speed 10`,
    )
    .action(runDeviceSim);
}

async function runDeviceSim(flags: DeviceSimFlags): Promise<void> {
  const password = process.env.AURORA_MQTT_PASSWORD;
  const { simulator: options, about } = await openSimulatedDevice({
    ...flags,
    ...(password === undefined ? {} : { password }),
  });
  const tell = flags.json === true ? tellAsJson : tellInWords;
  const simulator = await startDeviceSimulator({
    ...options,
    onState: (state, reason) => tell("state", { state, reason }),
  });
  tell("device", { id: flags.id, address: simulator.address, channels: options.source.channels, ...about });
  const stop = (): void => void simulator.close();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const watch =
    flags.duration === undefined
      ? null
      : watchProgress(simulator, Math.max(minWaitMs, (flags.duration / flags.speed) * 1000), systemTimers);
  const stalled = watch?.stalled.then(() => "no gateway took its samples" as const);
  const reason = await Promise.race([simulator.ended, ...(stalled === undefined ? [] : [stalled])]);
  watch?.stop();
  await simulator.close();
  process.off("SIGINT", stop);
  process.off("SIGTERM", stop);
  const { sentSamples, droppedSamples, scores, modelVersion } = simulator;
  const edge = flags.key === undefined ? {} : { scores, modelVersion };
  tell("end", { reason, sentSamples, droppedSamples, ...edge });
  if (reason !== "source-ended" && reason !== "stopped") process.exitCode = 1;
}

function tellAsJson(event: string, details: Readonly<Record<string, unknown>>): void {
  printJson({ event, ...details });
}

function tellInWords(event: string, details: Readonly<Record<string, unknown>>): void {
  const words = Object.entries(details).map(
    ([key, value]) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  printWords(`${event}: ${words.join(", ")}\n`);
}

function parseSpeed(text: string): number {
  return text === "max" ? Number.POSITIVE_INFINITY : parseNumber(1e-3, 1e6)(text);
}
