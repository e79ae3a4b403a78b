/** An invented life of a bearing, and `aurora score --decide` over what is written of it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { auroraHere } from "../../aurora.ts";
import { shippedBundle } from "../recordings.ts";
import { inventLife } from "./invented-life.ts";

export const life = inventLife({ recordings: 10, healthy: 7, seconds: 26, everySeconds: 600 });
export const [first] = life;
export const orders = Object.entries(first!.bearing).map(([name, order]) => `${name}=${order}`);
export const flags = ["--rate-hz", `${first!.rateHz}`, "--bearing", orders.join(",")];

interface Report {
  readonly model: { readonly name: string };
  readonly budget: object;
  readonly points: readonly {
    readonly point: string;
    readonly learntAt: string | null;
    readonly windows: number;
    readonly recordings: number;
    readonly alarms: readonly { readonly severityDb: number | null }[];
    readonly setAside: object;
  }[];
  readonly warnings: readonly string[];
  readonly errors: readonly {
    readonly file: string;
    readonly point?: string;
    readonly error: { readonly code: string };
  }[];
}

export async function replay(...args: readonly string[]) {
  const finished = await auroraHere("score", shippedBundle, "--decide", ...args);
  const report =
    args.includes("--json") && finished.stdout !== "" ? (JSON.parse(finished.stdout) as Report) : null;
  return { ...finished, report };
}

/** A gateway that learns within an hour. */
export function writeGateway(folder: string): string {
  const path = join(folder, "gateway.yaml");
  const bearing = JSON.stringify(first!.bearing);
  writeFileSync(
    path,
    `gateway: {id: gw, site: north}
devices: [{id: mcu, connect: mqtt}]
turbines: [{id: WT01, points: [{component: b, bundle: bearing-vibration, device: mcu, channel: a, bearing: ${bearing}}]}]
commissioning: {minWindows: 64, minHours: 0.5}
alarms: {falsePerTurbineYear: 0.5}
`,
  );
  return path;
}
