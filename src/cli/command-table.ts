/** Every subcommand with its one line of help; the code of a command is loaded only when it is called. */
import type { Command } from "commander";

interface CommandEntry {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Command>;
}

/** In the order of `aurora --help`. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: "demo",
    description: "three turbines, one of them failing: collector, gateway and devices on this machine",
    load: async () => (await import("./commands/demo.ts")).demoCommand(),
  },
  {
    name: "gateway",
    description: "run the gateway beside the turbines",
    load: async () => (await import("./commands/gateway.ts")).gatewayCommand(),
  },
  {
    name: "collector",
    description: "run the collector: the fleet's record, page, API and updates",
    load: async () => (await import("./commands/collector.ts")).collectorCommand(),
  },
  {
    name: "init",
    description: "write a gateway's configuration, of a few answers",
    load: async () => (await import("./commands/init.ts")).initCommand(),
  },
  {
    name: "config",
    description: "print the configuration's schema, or check a configuration file",
    load: async () => (await import("./commands/config.ts")).configCommand(),
  },
  {
    name: "doctor",
    description: "look at everything that a gateway needs, and say what is wrong and what to do",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  },
  {
    name: "device",
    description: "microcontrollers: list them, push a model, record raw samples, simulate one",
    load: async () => (await import("./commands/device.ts")).deviceCommand(),
  },
  {
    name: "alert",
    description: "a gateway's alarms: list, acknowledge and shelve them, take them out of service",
    load: async () => (await import("./commands/alert.ts")).alertCommand(),
  },
  {
    name: "baseline",
    description:
      "what a gateway's points have learnt to be healthy: show it, renew it after a repair or an inspection",
    load: async () => (await import("./commands/baseline.ts")).baselineCommand(),
  },
  {
    name: "drift",
    description: "what a collector says of drift: what moved, what changed between days, and why",
    load: async () => (await import("./commands/drift.ts")).driftCommand(),
  },
  {
    name: "evidence",
    description: "raw samples that a collector keeps: list them, get them, ask a gateway for more",
    load: async () => (await import("./commands/evidence.ts")).evidenceCommand(),
  },
  {
    name: "data",
    description: "one's own recordings: write a manifest of a folder, find what would spoil a training",
    load: async () => (await import("./commands/data.ts")).dataCommand(),
  },
  {
    name: "train",
    description: "make a signed bundle of a training configuration and its data",
    load: async () => (await import("./commands/train.ts")).trainCommand(),
  },
  {
    name: "evaluate",
    description: "judge a bundle, or its recipe on the published splits",
    load: async () => (await import("./commands/evaluate.ts")).evaluateCommand(),
  },
  {
    name: "score",
    description: "predictions for recordings and tables in files, the same as the gateway's",
    load: async () => (await import("./commands/score.ts")).scoreCommand(),
  },
  {
    name: "explain",
    description: "what a prediction is made of: signed contributions by group",
    load: async () => (await import("./commands/explain.ts")).explainCommand(),
  },
  {
    name: "bundle",
    description: "inspect, verify, sign, compare, publish and export bundles",
    load: async () => (await import("./commands/bundle.ts")).bundleCommand(),
  },
  {
    name: "keys",
    description: "make the keys of an installation",
    load: async () => (await import("./commands/keys.ts")).keysCommand(),
  },
  {
    name: "fleet",
    description: "enrol gateways: credentials or certificates, keys, and the access list of the broker",
    load: async () => (await import("./commands/fleet.ts")).fleetCommand(),
  },
  {
    name: "completion",
    description: "print what a shell needs to complete commands and options",
    load: async () => (await import("./commands/completion.ts")).completionCommand(loadAll),
  },
];

function loadAll(): Promise<readonly Command[]> {
  return Promise.all(
    commandTable.map(async ({ name, description, load }) =>
      (await load()).name(name).description(description),
    ),
  );
}
