/** `aurora device capture` and `aurora score` on what it wrote, in this process. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deviceCommand } from "../../src/cli/commands/device.ts";
import { scoreCommand } from "../../src/cli/commands/score.ts";
import { outputOf } from "../support/output-of.ts";
import { deviceOf, type Installation, names } from "./installation.ts";

/** Captures from the device of WT01; resolves with what the command printed. */
export async function capture(installation: Installation, out: string, ...more: string[]): Promise<string> {
  // Of the gateway's configuration the command needs no more than the state folder.
  const config = join(installation.folder, "gateway.yaml");
  const gateway = { id: names.gateway, site: names.site, stateDir: join(installation.folder, "gateway") };
  writeFileSync(config, JSON.stringify({ gateway, turbines: [{ id: "WT01" }] }));
  const args = ["capture", "--device", deviceOf("WT01"), "--config", config, "--out", out, ...more];
  return await outputOf(() => deviceCommand().parseAsync(args, { from: "user" }));
}

/** What `aurora score` says of a file by the installation's bundle. */
export interface Scored {
  readonly file: string;
  readonly windows: number;
  readonly faultProbability: number;
}

/** Scores a file; without options, with nothing but what stands beside it. */
export async function score({ folder }: Installation, file: string, ...options: string[]): Promise<Scored> {
  const bundle = join(folder, "models/bearing-test/1.0.0");
  const args = [bundle, "--input", file, "--out", `${file}.csv`, "--json", ...options];
  const said = await outputOf(() => scoreCommand().parseAsync(args, { from: "user" }));
  return (JSON.parse(said) as { files: [Scored] }).files[0];
}
