/** Tables of one's own to their end: checked, learnt from, let out by the gate, published, taken by a running gateway, and the next failures named. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { dayMs } from "../../src/core/maths/durations.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import type { FaultLedger } from "../faults/fault-ledger.ts";
import { type OwnDataRig, readJson } from "./own-data-rig.ts";
import { shipUpdate } from "./ship-cases.ts";

/** What of the answer of `aurora score --json` is read. */
interface Scored {
  readonly inspections: readonly {
    readonly turbine: string;
    readonly component: string;
    /** Epoch ms. */
    readonly atMs: number;
  }[];
}

/** Failures that the farm invents behind the days that are learnt from, and when they fail. */
const failures = [
  { turbine: "WEA 3", component: "gearbox", atMs: Date.UTC(2025, 0, 13) },
  { turbine: "WEA 1", component: "generator-bearing", atMs: Date.UTC(2025, 1, 9) },
] as const;
/** So long before it each is to be named: longer ahead nothing warms. */
const leadMs = 60 * dayMs;

/** Invents a farm, learns from it by the documented commands and ships what was learnt. */
export async function learnFromTables(rig: OwnDataRig, ledger: FaultLedger): Promise<void> {
  const farm = await rig.inventFarm("farm");
  const config = join(packageRoot(), "scripts", "own-data", "invent_tables.yaml");
  const check = await rig.aurora("data", "check", config, "--data", farm);
  ledger.check("tables: data check finds no error", check.code === 0, check.stdout.slice(0, 600));
  const bundle = join(rig.folder, "bundles", "farm");
  const key = join(rig.folder, "keys", "release.key");
  const paths = ["--data", farm, "--key", key, "--out", bundle, "--work", join(rig.folder, "work-farm")];
  const trained = await rig.aurora("train", config, ...paths);
  ledger.check("tables: the gate lets the model out", trained.code === 0, trained.stderr.slice(-900));
  const files = readdirSync(join(farm, "scada")).map((name) => join(farm, "scada", name));
  const turbines = [1, 2, 3, 4].map((number) => `WEA ${number}=${join(farm, "scada", `WEA ${number}_*`)}`);
  const out = join(rig.folder, "farm-rows.csv");
  const input = ["--input", ...files, "--turbine", ...turbines];
  const scored = await rig.aurora("score", bundle, "--out", out, "--json", ...input);
  const { inspections = [] } = scored.code === 0 ? (JSON.parse(scored.stdout) as Partial<Scored>) : {};
  for (const { turbine, component, atMs } of failures) {
    const isNamed = inspections.some(
      (each) =>
        each.turbine === turbine &&
        each.component === component &&
        each.atMs < atMs &&
        each.atMs > atMs - leadMs,
    );
    ledger.check(
      `tables: the gateway's own code asks for an inspection of the ${component} of ${turbine} before it fails`,
      isNamed,
      `${JSON.stringify(inspections.slice(-12))}${scored.stderr.slice(-300)}`,
    );
  }
  const next = join(rig.folder, "bundles", "farm-next");
  const because = ["--because", "published to a running collector"];
  const again = await rig.aurora(
    "bundle",
    "republish",
    bundle,
    "--as",
    "0.2.0",
    "--key",
    key,
    "--out",
    next,
    ...because,
  );
  ledger.check("tables: the model gets a higher number", again.code === 0, again.stderr);
  await shipUpdate(rig, ledger, {
    name: "tables",
    from: bundle,
    to: next,
    sources: describeTurbines(bundle),
  });
}

/** A turbine without a device: ten-minute values come by MQTT, one topic for all channels. */
function describeTurbines(bundle: string): object {
  const { name, channels } = readJson<{
    readonly name: string;
    readonly channels: readonly { readonly name: string; readonly unit: string }[];
  }>(join(bundle, "manifest.json"));
  return {
    turbines: [{ id: "WEA-1", scadaBundle: name }],
    scada: [
      {
        topic: "scada/WEA-1",
        turbine: "WEA-1",
        timePath: "time",
        channels: channels.map((channel) => {
          return { name: channel.name, path: channel.name, unit: channel.unit };
        }),
      },
    ],
  };
}
