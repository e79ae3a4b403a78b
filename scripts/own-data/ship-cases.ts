/** From a bundle in a folder to an alert: published to a running collector, taken by a running gateway, raised on a device. */
import type { ChildProcess } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { findFreePort } from "../../test/support/free-port.ts";
import { endChild } from "../../test/support/has-ended.ts";
import { until } from "../../test/support/until.ts";
import { createDaemonProcess } from "../faults/daemon-process.ts";
import type { FaultLedger } from "../faults/fault-ledger.ts";
import type { LearntSet } from "./learn-cases.ts";
import { interrupt, makeDir, type OwnDataRig, readJson } from "./own-data-rig.ts";

/** What of an alert is read. */
interface SeenAlert {
  readonly event: {
    readonly data: {
      readonly failureMode: string;
      readonly turbine: string;
      readonly model: { readonly name: string; readonly version: string; readonly digest: string };
    };
  };
}

const seed = 3;
const patienceMs = 240_000;

/** A model that goes out to a running gateway in the place of another version of it. */
export interface Shipment {
  /** Of the set, for what is told. */
  readonly name: string;
  /** Folder of the bundle that the gateway begins with, and of the one that is published. */
  readonly from: string;
  readonly to: string;
  /** What of the gateway's configuration says where its values come from. */
  readonly sources: object;
  /** Done when the gateway runs what was published. */
  readonly run?: (site: UpdatedSite) => Promise<void>;
}

/** A collector and a gateway that runs what was published. */
interface UpdatedSite {
  readonly url: string;
  /** Words with the set's name before them. */
  readonly told: (words: string) => string;
}

/** Publishes and waits for the alert. */
export async function shipToGateway(rig: OwnDataRig, learnt: LearntSet, ledger: FaultLedger): Promise<void> {
  const devicePort = await findFreePort();
  const { orders } = createTurbineSimulation({ seed, turbines: 1, fault: "none" }).turbines[0]!;
  const point = { component: "generator-bearing", device: "mcu-1", channel: "accel-de", bearing: orders };
  const sources = {
    devices: [{ id: "mcu-1", connect: `tcp://127.0.0.1:${devicePort}` }],
    turbines: [{ id: "pump-1", points: [point] }],
  };
  const from = join(packageRoot(), "models", "bearing-vibration", "1.0.0");
  const run = async (site: UpdatedSite): Promise<void> => {
    // Only now: whatever is raised is raised by it.
    const device = startDevice(rig, devicePort);
    try {
      const alerts = async (): Promise<readonly SeenAlert[]> =>
        ((await (await fetch(`${site.url}/api/v1/alerts`)).json()) as { items: readonly SeenAlert[] }).items;
      await until(async () => (await alerts()).length > 0, "an alert reaches the collector", patienceMs);
      const [{ event }] = (await alerts()) as [SeenAlert];
      const { failureMode, model } = event.data;
      ledger.check(
        site.told("it raises the right alert, by the model that was published"),
        failureMode === "inner-race" && model.version === "1.1.0" && model.digest === learnt.digest,
        JSON.stringify(event.data).slice(0, 400),
      );
    } finally {
      await endChild(device, "SIGKILL");
    }
  };
  await shipUpdate(rig, ledger, { name: learnt.name, from, to: learnt.bundle, sources, run });
}

/** A device whose bearing's inner race fails. */
function startDevice(rig: OwnDataRig, port: number): ChildProcess {
  const fault = ["--fault", "inner-race", "--onset", "20", "--growth", "40", "--speed", "20"];
  const device = rig.start(
    ..."device sim --id mcu-1 --turbines 1 --seed".split(" "),
    `${seed}`,
    "--connect",
    `tcp://127.0.0.1:${port}`,
    ...fault,
  );
  device.stdout!.resume();
  device.stderr!.resume();
  return device;
}

/** Publishes to a running collector, waits until the gateway serves it, and does what is to be done then. */
export async function shipUpdate(rig: OwnDataRig, ledger: FaultLedger, shipment: Shipment): Promise<void> {
  const folder = makeDir(join(rig.folder, `ship-${shipment.name}`));
  const told = (words: string): string => `${shipment.name}: ${words}`;
  const [httpPort, mqttPort] = [await findFreePort(), await findFreePort()];
  const release = [join(rig.folder, "keys", "release.pub"), join(packageRoot(), "models", "release.pub")];
  const verified = await rig.aurora("bundle", "verify", shipment.to, "--keys", release[0]!);
  ledger.check(told("the bundle is signed by one's own release key"), verified.code === 0, verified.stderr);
  await rig.aurora("keys", "publisher", join(folder, "publishers"), "own");
  const url = `http://127.0.0.1:${httpPort}`;
  const configs = writeConfigs(rig, folder, { httpPort, mqttPort, release, url, shipment });
  const command = join(packageRoot(), "dist", "src", "cli", "main.js");
  const collector = createDaemonProcess({ command, args: ["collector", "--config", configs.collector] });
  const gateway = createDaemonProcess({ command, args: ["gateway", "--config", configs.gateway] });
  const [before, after] = [shipment.from, shipment.to].map((dir) => readIdentity(dir).version);
  try {
    await collector.start();
    await gateway.start();
    const version = async (): Promise<unknown> => {
      const status = (await (await fetch(`${gateway.url}/status`)).json()) as {
        models?: { version: string }[];
      };
      return status.models?.[0]?.version;
    };
    await until(
      async () => (await version()) === before,
      "the gateway serves what it began with",
      patienceMs,
    );
    const order = ["bundle", "publish", shipment.to, "--collector", url, "--json"];
    order.push("--key", join(folder, "publishers", "own.key"));
    // Killed at several moments; whatever had come of it, the last one goes on from there.
    for (const afterMs of [600, 1200, 2000]) await interrupt(rig, order, { afterMs, signal: "SIGKILL" });
    const publish = await rig.aurora(...order);
    ledger.check(told("the bundle is published to a running collector"), publish.code === 0, publish.stderr);
    await until(async () => (await version()) === after, "the gateway serves what was published", patienceMs);
    ledger.check(told("the running gateway takes it"), true, "");
    await shipment.run?.({ url, told });
  } catch (error) {
    const logs = `${gateway.log.slice(-500)} ${collector.log.slice(-300)}`;
    ledger.check(told("from bundle to gateway"), false, `${String(error)}: ${logs}`);
  } finally {
    await Promise.all([gateway.stop(), collector.stop()]);
  }
}

function readIdentity(dir: string): { readonly name: string; readonly version: string } {
  return readJson(join(dir, "manifest.json"));
}

interface Places {
  readonly httpPort: number;
  readonly mqttPort: number;
  /** Public release keys: one's own, and that of the shipped bundles. */
  readonly release: readonly string[];
  readonly url: string;
  readonly shipment: Shipment;
}

function writeConfigs(
  rig: OwnDataRig,
  folder: string,
  { httpPort, mqttPort, release, url, shipment }: Places,
): { readonly collector: string; readonly gateway: string } {
  const write = (name: string, config: object): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(config));
    return path;
  };
  const passwordFile = join(folder, "gateway.password");
  writeFileSync(passwordFile, "a password of this run alone", { mode: 0o600 });
  const models = makeDir(join(folder, "models"));
  const { name, version } = readIdentity(shipment.from);
  cpSync(shipment.from, join(models, name, version), { recursive: true });
  const collector = write("collector.yaml", {
    collector: { stateDir: join(folder, "collector"), httpPort },
    mqtt: {
      embedded: { port: mqttPort, anonymousRead: true, gateways: [{ id: "gw", site: "own", passwordFile }] },
    },
    registry: {
      keysDir: join(rig.folder, "keys"),
      publish: [],
      trustedKeys: release,
      publishers: [{ name: "own", keyFile: join(folder, "publishers", "own.pub"), models: [name] }],
    },
  });
  const gateway = write("gateway.yaml", {
    gateway: { id: "gw", site: "own", stateDir: join(folder, "gateway"), httpPort: 0 },
    mqtt: { url: `mqtt://127.0.0.1:${mqttPort}`, username: "gw", passwordFile },
    ...shipment.sources,
    bundles: { dir: models, trustedKeys: release },
    updates: {
      enabled: true,
      url: `${url}/tuf`,
      rootFile: join(rig.folder, "keys", "root.json"),
      pollSeconds: 1,
    },
    uplink: { predictionIntervalSeconds: 1, healthIntervalSeconds: 5 },
  });
  return { collector, gateway };
}
