import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium } from "../../scripts/chromium.ts";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { openSqliteRecord } from "../../src/collector/record/sqlite/sqlite-record.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import type { DriftVerdict } from "../../src/core/contract/drift-verdict.ts";
import { systemClock } from "../../src/core/platform/clock.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { storeVerdicts } from "../collector/store-verdicts.ts";
import {
  driftCause,
  driftVerdict,
  featureShift,
  quietVerdict,
  verdictDayMs,
} from "../core/contract/drift-verdicts.ts";
import { startCollector } from "../support/whole-collector.ts";

const screenshots = process.env.AURORA_SCREENSHOT_DIR;
const today = Math.floor(Date.now() / verdictDayMs) * verdictDayMs;
const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

/** Sixty turbines of three sites over twelve days: a sensor, a site, a turbine that learns, and quiet ones. */
function makeVerdicts(): readonly DriftVerdict[] {
  const site = driftCause({ kind: "site", title: "Impacts are 3 dB louder at 20 turbines of ridge" });
  return Array.from({ length: 60 }, (_, index) => {
    const at = {
      site: ["ridge", "north-sea", "valley"][index % 3]!,
      turbine: `WT${Math.floor(index / 3) + 1}`,
    };
    return Array.from({ length: 12 }, (_, ago): DriftVerdict => {
      const fromMs = today - (ago + 1) * verdictDayMs;
      const when = { ...at, fromMs, toMs: fromMs + verdictDayMs };
      const shifts = [featureShift({ sinceMs: today - 3 * verdictDayMs })];
      if (at.site === "ridge" && ago === 0) return driftVerdict({ ...when, shifts, cause: site });
      if (index === 4 && ago < 3) return driftVerdict({ ...when, shifts });
      if (index === 5) return quietVerdict("learning", `day ${12 - ago} of 14`, when);
      return quietVerdict("stable", null, when);
    });
  }).flat();
}

describe.skipIf(chromiumPath === undefined)("drift in Chromium (skipped where there is none)", () => {
  const scratch = createScratchFolder("drift-page");
  let browser: Browser;
  let url = "";
  let stop = async (): Promise<void> => {};

  beforeAll(async () => {
    const config = collectorConfigSchema().parse({
      collector: { stateDir: join(scratch.path, "state"), httpPort: 0 },
      mqtt: { embedded: { port: 0 } },
    });
    mkdirSync(config.collector.stateDir, { recursive: true });
    const path = join(config.collector.stateDir, "collector.sqlite");
    const record = await openSqliteRecord({ path, clock: systemClock, logger: silentLogger });
    await storeVerdicts(record, makeVerdicts(), Date.now());
    await record.close();
    const collector = await startCollector(config, { logger: silentLogger });
    stop = () => collector.close();
    url = collector.url;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await stop();
    scratch.remove();
  });

  async function open(
    path: string,
    options: { readonly scheme?: "light" | "dark"; readonly width?: number; readonly script?: "none" } = {},
  ) {
    const { scheme = "light", width = 1280, script } = options;
    const context = await browser.newContext({
      colorScheme: scheme,
      viewport: { width, height: 900 },
      javaScriptEnabled: script !== "none",
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`${url}${path}`);
    if (screenshots !== undefined) {
      const name = `${path.replaceAll(/\W+/g, "-")}-${scheme}-${width}.png`;
      await page.screenshot({ path: join(screenshots, name), fullPage: true });
    }
    return { page, complaints, close: () => context.close() };
  }

  const cells = (page: Page, turbine: string, tone: string) =>
    page.locator("#days tbody tr", { has: page.locator(`a[href$="/${turbine}"]`) }).locator(`td.${tone}`);

  for (const scheme of ["light", "dark"] as const) {
    it(`says in the ${scheme} scheme, without scripts, what moved where and since when`, async () => {
      const { page, complaints, close } = await open("/drift", { scheme, script: "none" });
      expect(await page.locator("#findings article").allInnerTexts()).toEqual([
        expect.stringMatching(/Drift[\s\S]*20 turbines of ridge[\s\S]*One site/),
        expect.stringMatching(/drive-end sensor is 6 dB quieter[\s\S]*One sensor/),
      ]);
      expect(await page.locator("#days tbody tr").count()).toBe(51);
      expect(await cells(page, "north-sea/WT2", "drift").count()).toBe(3);
      expect(await page.locator("#sites tbody tr").first().innerText()).toContain("ridge");
      await page.getByText("What moved, in figures").first().click();
      expect(await page.locator("#findings .histogram path").first().isVisible()).toBe(true);
      expect(await page.locator("#findings .distances").first().isVisible()).toBe(false);
      await page.getByText("PSI and other distances").first().click();
      expect(await page.locator("#findings .distances").first().isVisible()).toBe(true);
      expect(complaints).toEqual([]);
      await close();
    });
  }

  it("leads from the fleet to a site, a part of the list, a day and a turbine", async () => {
    const { page, complaints, close } = await open("/");
    expect(await page.locator("#tiles").innerText()).toMatch(/Points that drift\s+21\s+of 59 assessed/);
    await page.getByText("More turbines and days").click();
    await page.getByText("Further down the list").click();
    await page.waitForURL(/page=2/);
    expect(await page.locator("#days tbody tr").count()).toBe(11);
    await page.locator("#sites a", { hasText: "north-sea" }).first().click();
    await page.waitForURL(/north-sea/);
    expect(await page.locator("h1").innerText()).toContain("north-sea");
    const before = dayOf(today - 2 * verdictDayMs);
    await page.locator(`#days thead a[href*="day=${before}"]`).click();
    await page.waitForURL(new RegExp(`day=${before}`));
    expect(await page.locator("#days thead [aria-current=date] a").getAttribute("href")).toContain(before);
    await cells(page, "north-sea/WT2", "drift").last().locator("a").click();
    await page.waitForURL((url) =>
      url.href.includes(`/turbine/north-sea/WT2?day=${dayOf(today - verdictDayMs)}`),
    );
    expect(await page.locator("#drift").innerText()).toMatch(
      /6 dB quieter[\s\S]*Which columns moved when[\s\S]*−11/,
    );
    expect(complaints).toEqual([]);
    await close();
  });

  it("shows a turbine that learns in grey, with its day", async () => {
    const { page, complaints, close } = await open("/turbine/valley/WT2");
    const drift = page.locator("#drift");
    expect(await drift.innerText()).toMatch(/Learning[\s\S]*Day 12 of 14/);
    expect(await drift.locator(".badge.warning, .badge.critical, td.warning, td.drift").count()).toBe(0);
    expect(complaints).toEqual([]);
    await close();
  });

  it("keeps what is unfolded when the page renews itself", async () => {
    const { page, complaints, close } = await open("/drift");
    const fold = page.locator("#findings details").first();
    await fold.locator("summary").first().click();
    const renewed = page.waitForResponse((response) => response.url().endsWith("/drift"));
    await renewed;
    await page.waitForTimeout(100);
    expect(await fold.getAttribute("open")).not.toBeNull();
    expect(complaints).toEqual([]);
    await close();
  });

  it("is usable on a phone: nothing runs out of the page, and the newest day is in sight", async () => {
    for (const path of ["/", "/drift", "/turbine/north-sea/WT2"]) {
      const { page, close } = await open(path, { width: 390, scheme: "dark", script: "none" });
      expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([path, 390]);
      const newest = page.locator("table.heat thead th").last();
      const box = (await newest.boundingBox())!;
      expect(box.x + box.width).toBeLessThanOrEqual(390);
      expect(box.x).toBeGreaterThan(200);
      await close();
    }
  });
});
