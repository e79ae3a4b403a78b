/**
 * `npm run screenshot`: takes the README's picture from a real demonstration in headless Chromium (a Debian package,
 * or the path in CHROMIUM). Fails if the page shows no alert or complains in its console.
 */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runDemo } from "../src/cli/demo/run-demo.ts";
import { createInstallationKeys } from "../src/collector/registry/installation-keys.ts";
import { packageRoot } from "../src/core/platform/files/package-root.ts";
import { launchChromium } from "./chromium.ts";

const target = process.argv[2] ?? join(packageRoot(), "scripts", "readme", "page.png");
/** After the alert, so that the charts show what led to it. */
const settleMs = 15_000;

async function photograph(url: string): Promise<void> {
  const browser = await launchChromium(process.env.CHROMIUM ?? "/usr/bin/chromium");
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1500 } });
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(`${url}?range=5m`);
    await page.getByText("What the sensor groups say").first().waitFor({ timeout: 60_000 });
    await page.waitForTimeout(settleMs);
    await page.reload();
    await page.waitForTimeout(1000);
    if (complaints.length > 0) throw new Error(`the page complains: ${complaints.join("; ")}`);
    await mkdir(dirname(target), { recursive: true });
    await page.screenshot({ path: target });
    process.stderr.write(`${target}\n`);
  } finally {
    await browser.close();
  }
}

let stop = (): void => {};
const stopped = new Promise<void>((resolve) => {
  stop = resolve;
});
let picture: Promise<void> | undefined;
await runDemo({
  seed: 1,
  fault: "random",
  drift: null,
  dataDir: null,
  allowTrainingData: false,
  modelsDir: join(packageRoot(), "models"),
  until: null,
  timeoutMs: 120_000,
  speed: 2,
  httpPort: 0,
  mqttPort: 0,
  color: false,
  stopped,
  makeKeys: async (dir) => (await createInstallationKeys(dir, Date.now())).rootFile,
  say: (text) => {
    process.stderr.write(text);
    const url = /page\s+(http:\S+)/.exec(text)?.[1];
    if (url !== undefined) picture = photograph(url).finally(stop);
  },
});
await picture;
