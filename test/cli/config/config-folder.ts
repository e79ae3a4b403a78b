/** A gateway's configuration that is good, and what `aurora config validate` says of it once a part is another. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";

export const good = `gateway:
  id: gw-1
  site: north
mqtt:
  url: mqtt://127.0.0.1:1883
devices:
  - id: mcu-1
    connect: tcp://10.0.0.5:4000
  - id: mcu-2
    connect: mqtt
turbines:
  - id: WT01
    points:
      - component: generator-bearing
        device: mcu-1
        channel: accel-de
        bearing: { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 }
`;

/** A temporary folder for a test's configurations. */
export interface ConfigFolder {
  readonly folder: string;
  /** Writes a file below it; its path. */
  write(text: string, name?: string): string;
  /** What is said of the good configuration with one part replaced, or something added at its end. */
  complain(from: string, to: string): Promise<string>;
}

/** Call it inside a test. */
export function openConfigFolder(): ConfigFolder {
  const folder = createTemporaryFolder();
  function write(text: string, name = "gateway.yaml"): string {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }
  async function complain(from: string, to: string): Promise<string> {
    const text = from === "" ? good + to : good.replace(from, to);
    expect(text).not.toBe(good);
    const { code, stdout, stderr } = await auroraHere("config", "validate", write(text));
    expect([code, stdout]).toEqual([1, ""]);
    return stderr.replaceAll(folder, "");
  }
  return { folder, write, complain };
}
