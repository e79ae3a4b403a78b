/** `aurora device sim`: a device that streams simulated vibration or a recording to a gateway. */
import { Command, InvalidArgumentError, Option } from "commander";
import { readBundle } from "../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { mcuModelFileName } from "../../core/contract/bundle/manifest.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { type FaultKind, type FaultPlan, faultKinds, planScenario } from "../../core/simulate/scenario.ts";
import { createTurbineSimulation } from "../../core/simulate/turbine-simulation.ts";
import { readDeviceKey } from "../../gateway/devices/device-image.ts";
import {
  type DeviceOutlet,
  type DeviceSimulatorOptions,
  startDeviceSimulator,
} from "../device/device-simulator.ts";
import type { EdgeDeviceOptions } from "../device/edge-device.ts";
import { findRecording, openRecordingSource } from "../device/recording-source.ts";
import { createSimulatedSource, type SampleSource } from "../device/sample-source.ts";
import { parseInteger, parseNumber } from "../terminal/options.ts";

/** The options as commander gives them. */
interface DeviceSimOptions {
  readonly connect: string;
  readonly id: string;
  readonly gateway: string;
  readonly base: string;
  readonly username?: string;
  readonly speed: number;
  readonly seed: number;
  readonly turbines: number;
  readonly turbine: number;
  readonly fault: FaultKind | "random" | "none";
  readonly onset?: number;
  readonly growth?: number;
  readonly rate: number;
  readonly duration?: number;
  readonly recording?: string;
  readonly end: "DE" | "FE" | "both";
  readonly once?: boolean;
  readonly noise: number;
  readonly drop: number;
  readonly truncate: number;
  readonly key?: string;
  readonly model?: string;
  readonly slot?: string;
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
    .option("--id <id>", "the device's id", parseId, "sim-1")
    .option("--gateway <id>", "the gateway's id, for MQTT topics", parseId, "gateway-1")
    .option("--base <topic>", "base topic", "aurora/v1")
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
    .option("--duration <seconds>", "simulated seconds after which it ends", parseNumber(0.1, 1e9))
    .option("--recording <file>", "play this .npy of a CWRU folder instead of simulating")
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
Examples:
  $ aurora device sim --connect tcp://127.0.0.1:4001 --fault inner-race --onset 10
  $ aurora device sim --recording data/cwru/Normal_48k_load0.npy --end DE --speed 10`,
    )
    .action(runDeviceSim);
}

async function runDeviceSim(options: DeviceSimOptions): Promise<void> {
  const tell = (event: string, details: Readonly<Record<string, unknown>>): void => {
    const text = options.json
      ? JSON.stringify({ event, ...details })
      : `${event}: ${Object.entries(details)
          .map(([key, value]) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`)
          .join(", ")}`;
    process.stdout.write(`${text}\n`);
  };
  const { source, about } = await openSource(options);
  const { noise, drop, truncate } = options;
  const outlet = parseOutlet(options);
  const disturbed = noise > 0 || drop > 0 || truncate > 0;
  if (disturbed && outlet.kind === "mqtt") {
    throw new AuroraError("USAGE", "a line over MQTT cannot be disturbed", {
      op: "simulate device",
      hint: "use --noise, --drop and --truncate with tcp:// or a serial path",
    });
  }
  const simulator = await startDeviceSimulator({
    deviceId: options.id,
    outlet,
    source,
    speed: options.speed,
    ...(options.key === undefined ? {} : { edge: await openEdge(options, options.key) }),
    onState: (state, reason) => tell("state", { state, reason }),
    ...(disturbed
      ? { disturbance: { bitErrorRate: noise, dropRate: drop, truncateRate: truncate, seed: options.seed } }
      : {}),
  } satisfies DeviceSimulatorOptions);
  tell("device", { id: options.id, address: simulator.address, channels: source.channels, ...about });
  const stop = (): void => void simulator.close();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const end = await simulator.ended;
  await simulator.close();
  process.off("SIGINT", stop);
  process.off("SIGTERM", stop);
  const { sentSamples, droppedSamples, scores, modelVersion } = simulator;
  const edge = options.key === undefined ? {} : { scores, modelVersion };
  tell("end", { reason: end, sentSamples, droppedSamples, ...edge });
  if (end === "refused") process.exitCode = 1;
}

async function openEdge({ model, slot }: DeviceSimOptions, keyFile: string): Promise<EdgeDeviceOptions> {
  const bundle = model === undefined ? null : await readBundle(model);
  return {
    key: await readDeviceKey(keyFile),
    firstImage: bundle?.files.get(mcuModelFileName) ?? null,
    slotFile: slot ?? null,
  };
}

interface OpenedSource {
  readonly source: SampleSource;
  readonly about: Readonly<Record<string, unknown>>;
}

async function openSource(options: DeviceSimOptions): Promise<OpenedSource> {
  if (options.recording !== undefined) {
    const { dir, recording } = await findRecording(options.recording);
    const ends = options.end === "both" ? [] : ([options.end] as const);
    const source = await openRecordingSource(dir, recording, ends, options.once ? "stop" : "loop");
    return {
      source,
      about: { recording: recording.file, shaftRpm: recording.shaftRpm, fault: recording.fault },
    };
  }
  const { seed, turbines, turbine } = options;
  if (turbine >= turbines) {
    throw new AuroraError("USAGE", `there is no turbine ${turbine} among ${turbines}`, {
      op: "simulate device",
      hint: "turbines are counted from 0; --turbines makes the park larger",
    });
  }
  const fault = planFault(options);
  const simulation = createTurbineSimulation({
    seed,
    turbines,
    fault: fault ?? "none",
    sampleRateHz: options.rate,
  });
  return {
    source: createSimulatedSource(simulation, turbine, options.duration),
    about: {
      seed,
      bearing: simulation.turbines[turbine]!.orders,
      fault: fault?.turbine === turbine ? fault : "none",
    },
  };
}

function planFault({ seed, turbines, turbine, fault, onset, growth }: DeviceSimOptions): FaultPlan | null {
  if (fault === "none") return null;
  const plan = planScenario(seed, fault === "random" ? { turbines } : { turbines, turbine, kind: fault });
  return { ...plan, onsetS: onset ?? plan.onsetS, growthS: growth ?? plan.growthS };
}

function parseOutlet({ connect, base, gateway, username }: DeviceSimOptions): DeviceOutlet {
  const url = URL.canParse(connect) ? new URL(connect) : undefined;
  if (url?.protocol === "tcp:" && url.hostname !== "" && url.port !== "") {
    return { kind: "tcp", host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port) };
  }
  if (url?.protocol === "mqtt:" || url?.protocol === "mqtts:") {
    const password = process.env.AURORA_MQTT_PASSWORD;
    const login = username === undefined ? {} : { username, ...(password === undefined ? {} : { password }) };
    return { kind: "mqtt", url: connect, base, gateway, ...login };
  }
  if (/^(\/|COM\d)/.test(connect)) return { kind: "serial", path: connect };
  throw new AuroraError("USAGE", `"${connect}" is not an address`, {
    op: "simulate device",
    subject: connect,
    hint: "write tcp://127.0.0.1:4001, /dev/ttyACM0 or mqtt://127.0.0.1:1883",
  });
}

function parseId(text: string): string {
  if (!idPattern.test(text))
    throw new InvalidArgumentError("It may have letters, digits, dot, dash and underscore, at most 63.");
  return text;
}

function parseSpeed(text: string): number {
  return text === "max" ? Number.POSITIVE_INFINITY : parseNumber(1e-3, 1e6)(text);
}
