/** The shipped bearing configuration, small enough to be trained in a second. */
import { readFile, writeFile } from "node:fs/promises";

const recipePath = new URL("../../models/bearing-vibration/train.yaml", import.meta.url).pathname;

/** The shipped configuration, shrunk to a second of training. */
export async function writeTinyConfig(path: string, seed: number): Promise<void> {
  const text = (await readFile(recipePath, "utf8"))
    .replace(/seed: \d+/, `seed: ${seed}`)
    .replace(/heldOutGroups: \[[^\]]*\]/, "heldOutGroups: [DE_IR_21, DE_OR_21, DE_B_21, normal]")
    .replace(/steps: \d+/g, "steps: 12")
    .replace(/driftReplicates: \d+/, "driftReplicates: 100")
    .replace(/members: \d+/, "members: 1")
    .replace(/rounds: \d+/, "rounds: 2")
    .replace(/goldenCases: \d+/, "goldenCases: 5")
    .replace(/training: 450, heldOut: 150/, "training: 2, heldOut: 2")
    .replace(/backgroundRows: \d+/, "backgroundRows: 4");
  await writeFile(path, text);
}
