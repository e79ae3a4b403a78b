/** Made-up engines that wear out: text as in the C-MAPSS files, from a seed. No row of the data set is in here. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createRandom, type Random } from "../../../../src/core/maths/random.ts";
import { cmapssChannels } from "../../../../src/training/dataset/cmapss.ts";

/** Channels that tell, and where they start; all others stand still. */
const telling = new Map([
  ["t24", 642],
  ["ps30", 47],
  ["nf", 2388],
]);

function writeEngines(random: Random, engines: number, cut: boolean): { text: string; left: number[] } {
  const lines: string[] = [];
  const left: number[] = [];
  for (let engine = 1; engine <= engines; engine++) {
    const life = 70 + random.integer(80);
    const remaining = cut ? random.integer(life - 35) : 0;
    const offset = random.normal();
    for (let cycle = 1; cycle <= life - remaining; cycle++) {
      const wear = Math.exp(-(life - cycle) / 25);
      const values = cmapssChannels.map((name) => {
        const start = telling.get(name);
        return start === undefined ? 100 : (start + offset + 5 * wear + 0.2 * random.normal()).toFixed(4);
      });
      lines.push(`${[engine, cycle, ...values].join(" ")}  `);
    }
    left.push(remaining);
  }
  return { text: `${lines.join("\n")}\n`, left };
}

/** Writes the three files of FD001 below `dir`/cmapss. */
export async function writeSyntheticCmapss(dir: string, engines: number): Promise<void> {
  const random = createRandom(17);
  const train = writeEngines(random, engines, false);
  const test = writeEngines(random, engines, true);
  const folder = join(dir, "cmapss");
  await mkdir(folder, { recursive: true });
  const files = {
    "train_FD001.txt.gz": train.text,
    "test_FD001.txt.gz": test.text,
    "RUL_FD001.txt.gz": `${test.left.join("\n")}\n`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), gzipSync(text));
}
