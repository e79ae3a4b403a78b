/** A simulated device as the options of `aurora device sim` describe it: where it is reached, what it sends, whether it infers. */
import { basename } from "node:path";
import { readBundle } from "../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { FaultKind } from "../../core/contract/bundle/bearing-fault.ts";
import { mcuModelFileName } from "../../core/contract/bundle/manifest.ts";
import { hostOf } from "../../core/contract/url-host.ts";
import { readDeviceKey } from "../../core/serving/device-image.ts";
import { type FaultPlan, planScenario } from "../../core/simulate/scenario.ts";
import { createTurbineSimulation } from "../../core/simulate/turbine-simulation.ts";
import type { DeviceOutlet, DeviceSimulatorOptions } from "./device-simulator.ts";
import type { EdgeDeviceOptions } from "./edge-device.ts";
import { openRecordingSource } from "./recording-source.ts";
import { createSimulatedSource, type SampleSource } from "./sample-source.ts";

/** What the device is, where it is reached, and how bad its line is. */
export interface SimulatedDeviceOptions extends PlayedSource {
  /** tcp://host:port to listen on, a serial path or pty, or mqtt://host:port. */
  readonly connect: string;
  /** Of a serial line. */
  readonly baud: number;
  readonly id: string;
  /** For MQTT topics. */
  readonly gateway: string;
  readonly base: string;
  readonly username?: string;
  readonly password?: string;
  /** Simulated seconds per second; `Infinity`: as fast as the gateway takes them. */
  readonly speed: number;
  /** Shares of bits inverted, of frames lost and of frames cut on their way, 0 to 1. */
  readonly noise: number;
  readonly drop: number;
  readonly truncate: number;
  /** File of the device's key: with it the device infers itself. */
  readonly key?: string;
  /** Folder of the bundle whose model it runs from the start, and file of the one that it keeps. */
  readonly model?: string;
  readonly slot?: string;
}

/** What the device sends: a recording, or a turbine of a simulated park. */
interface PlayedSource {
  readonly seed: number;
  readonly turbines: number;
  readonly turbine: number;
  readonly fault: FaultKind | "random" | "none";
  /** Simulated seconds until the fault begins, and until it is fully developed. */
  readonly onset?: number;
  readonly growth?: number;
  /** Sampling rate in Hz. */
  readonly rate: number;
  /** Simulated seconds after which it ends. */
  readonly duration?: number;
  /** A file that an index.json or a NAME.json beside it describes. */
  readonly recording?: string;
  readonly end: "DE" | "FE" | "both";
  /** Ends with the recording instead of beginning again. */
  readonly once?: boolean;
}

/** What a simulator is started with, and what is to be told of its source. */
interface SimulatedDevice {
  readonly simulator: DeviceSimulatorOptions;
  readonly about: Readonly<Record<string, unknown>>;
}

/** Reads what the options name. Fails with USAGE, DATA_*, BUNDLE_*, CONFIG_INVALID. */
export async function openSimulatedDevice(options: SimulatedDeviceOptions): Promise<SimulatedDevice> {
  const { noise, drop, truncate, seed, key, model, slot } = options;
  if (key === undefined && (model ?? slot) !== undefined) {
    throw new AuroraError("USAGE", "a device without a key runs no model", {
      op: "simulate device",
      hint: "give --key FILE, or leave out --model and --slot: then it sends raw samples",
    });
  }
  if (options.once === true && options.recording === undefined) {
    throw new AuroraError("USAGE", "--once ends with a recording, and none is played", {
      op: "simulate device",
      hint: "give --recording FILE, or --duration SECONDS to end a simulation",
    });
  }
  const { source, about } = await openSource(options);
  const outlet = parseOutlet(options);
  const isDisturbed = noise > 0 || drop > 0 || truncate > 0;
  if (isDisturbed && outlet.kind === "mqtt") {
    throw new AuroraError("USAGE", "a line over MQTT cannot be disturbed", {
      op: "simulate device",
      hint: "use --noise, --drop and --truncate with tcp:// or a serial path",
    });
  }
  const disturbance = { bitErrorRate: noise, dropRate: drop, truncateRate: truncate, seed };
  return {
    about,
    simulator: {
      deviceId: options.id,
      outlet,
      source,
      speed: options.speed,
      ...(key === undefined ? {} : { edge: await openEdge(options, key) }),
      ...(isDisturbed ? { disturbance } : {}),
    },
  };
}

async function openEdge(
  { model, slot }: SimulatedDeviceOptions,
  keyFile: string,
): Promise<EdgeDeviceOptions> {
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

async function openSource(options: PlayedSource): Promise<OpenedSource> {
  if (options.recording !== undefined) {
    const { recording: path, end, once } = options;
    const ends = end === "both" ? [] : [end];
    const { source, shaftRpm } = await openRecordingSource(path, { ends, loop: once !== true });
    return { source, about: { recording: basename(path), shaftRpm } };
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

function planFault({ seed, turbines, turbine, fault, onset, growth }: PlayedSource): FaultPlan | null {
  if (fault === "none") return null;
  const plan = planScenario(seed, fault === "random" ? { turbines } : { turbines, turbine, kind: fault });
  return { ...plan, onsetS: onset ?? plan.onsetS, growthS: growth ?? plan.growthS };
}

function parseOutlet({
  connect,
  baud,
  base,
  gateway,
  username,
  password,
}: SimulatedDeviceOptions): DeviceOutlet {
  const url = URL.canParse(connect) ? new URL(connect) : undefined;
  if (url?.protocol === "tcp:" && url.hostname !== "" && url.port !== "") {
    return { kind: "tcp", host: hostOf(url), port: Number(url.port) };
  }
  if (url?.protocol === "mqtt:" || url?.protocol === "mqtts:") {
    const login = username === undefined ? {} : { username, ...(password === undefined ? {} : { password }) };
    return { kind: "mqtt", url: connect, base, gateway, ...login };
  }
  if (/^(\/|COM\d)/.test(connect)) return { kind: "serial", path: connect, baudRate: baud };
  throw new AuroraError("USAGE", `"${connect}" is not an address`, {
    op: "simulate device",
    subject: connect,
    hint: "write tcp://127.0.0.1:4001, /dev/ttyACM0 or mqtt://127.0.0.1:1883",
  });
}
