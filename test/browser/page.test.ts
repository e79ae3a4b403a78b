import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import {
  connectGateway,
  startTestFleet,
  type TestFleet,
  type TestGateway,
} from "../collector/fleet-fixture.ts";
import { seedFleet } from "../collector/seed-fleet.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { startCollector } from "../support/whole-collector.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";

const screenshots = process.env.AURORA_SCREENSHOT_DIR;
describe.skipIf(chromiumPath === undefined)("the page in Chromium (skipped where there is none)", () => {
  const scratch = createScratchFolder("page");
  let fleet: TestFleet;
  let gateway: TestGateway;
  let browser: Browser;

  beforeAll(async () => {
    fleet = await startTestFleet(scratch.path);
    gateway = await connectGateway(fleet);
    await seedFleet(fleet, gateway);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.close();
    await fleet?.collector.close();
    scratch.remove();
  });

  /** Opens a path; collects what the console and the network say. */
  async function open(path: string, scheme: "light" | "dark", width = 1440) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 1000 } });
    const page = await context.newPage();
    const complaints: string[] = [];
    const origin = new URL(fleet.collector.url).origin;
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== origin) complaints.push(`external: ${request.url()}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
    });
    await page.goto(`${fleet.collector.url}${path}`);
    return { page, complaints, close: () => context.close() };
  }

  /** Pixels of a chart's canvas that something was drawn on. */
  async function countDrawnPixels(page: Page, selector: string): Promise<number> {
    return page
      .locator(selector)
      .first()
      .evaluate((node) => {
        const canvas = node as unknown as {
          width: number;
          height: number;
          getContext(kind: string): {
            getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
          };
        };
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let drawn = 0;
        for (let index = 3; index < data.length; index += 4) if (data[index]! > 0) drawn++;
        return drawn;
      });
  }

  async function shoot(page: Page, name: string): Promise<void> {
    if (screenshots === undefined) return;
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  }

  for (const scheme of ["light", "dark"] as const) {
    it(`shows turbines, alert, charts and drift in the ${scheme} scheme without a complaint`, async () => {
      const { page, complaints, close } = await open("/", scheme);
      await page.locator("#charts canvas").nth(2).waitFor();
      await page.waitForFunction("document.querySelectorAll('#charts .u-legend').length >= 3");
      expect(await page.locator("#turbines tbody tr").count()).toBe(4);
      const alert = page.locator("#alerts article.critical").first();
      expect(await alert.innerText()).toMatch(
        /Inner race fault[\s\S]*WT-02[\s\S]*68\.0 %[\s\S]*how it was before/,
      );
      const row = (turbine: string) => page.locator("#turbines tbody tr", { hasText: turbine }).innerText();
      // The model gives this healthy machine 0.78; nobody has learnt it yet.
      expect(await row("WT-03")).toMatch(/Learning[\s\S]*240 of 600 windows[\s\S]*learning/);
      expect(await row("WT-03")).not.toContain("78");
      expect(await row("WT-01")).toMatch(/Good[\s\S]*2\.6 %/);
      expect(await row("WT-02")).toContain("1 of 3 components healthy");
      expect(await row("WT-04")).toMatch(/No data[\s\S]*stands by[\s\S]*not known/);
      const legend = page.locator("#chart-north-sea-WT-03 .u-legend");
      await legend.filter({ hasText: "learning" }).waitFor();
      expect(await legend.innerText()).not.toMatch(/\d %/);
      expect(await alert.locator(".shares tbody tr").count()).toBe(5);
      expect(await countDrawnPixels(page, "#charts canvas")).toBeGreaterThan(2_000);
      await shoot(page, `fleet-${scheme}`);
      expect(complaints).toEqual([]);
      await close();
    });
  }

  it("shows one turbine with its shaft speed and zooms into the chart", async () => {
    const { page, complaints, close } = await open("/turbine/north-sea/WT-02?range=5m", "light");
    await page.locator("#charts canvas").first().waitFor();
    const axis = (): Promise<string> => page.locator("#charts .u-legend").first().innerText();
    expect(await axis()).toContain("Shaft speed");
    await shoot(page, "turbine-light");
    const shown = async (): Promise<number> => {
      const [from, to] = await Promise.all(
        ["data-from-ms", "data-to-ms"].map((name) =>
          page.locator("#charts [data-from-ms]").first().getAttribute(name),
        ),
      );
      return Number(to) - Number(from);
    };
    expect(await shown()).toBe(300_000);
    const over = page.locator("#charts .u-over").first();
    await over.scrollIntoViewIfNeeded();
    const plot = (await over.boundingBox())!;
    await page.mouse.move(plot.x + plot.width * 0.3, plot.y + 50);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 60, { steps: 4 });
    await page.mouse.up();
    const zoomed = await shown();
    expect(zoomed / 300_000).toBeCloseTo(0.2, 1);
    await page.waitForResponse((response) => response.url().includes("/api/v1/predictions"));
    await page.waitForResponse((response) => response.url().includes("/api/v1/predictions"));
    expect(await shown()).toBe(zoomed);
    await shoot(page, "turbine-zoomed");
    await over.dblclick();
    expect(await shown()).toBe(300_000);
    expect(complaints).toEqual([]);
    await close();
  });

  it("tells the date of a time in the legend where more than a day is shown, and the time alone of less", async () => {
    const { page, complaints, close } = await open("/turbine/north-sea/WT-02?range=7d", "light");
    const legend = page.locator("#charts .u-legend").first();
    await legend.filter({ hasText: /UTC\s*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/ }).waitFor();
    await page.goto(`${page.url().replace("range=7d", "range=1h")}`);
    await legend.filter({ hasText: /UTC\s*\d\d:\d\d:\d\d/ }).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  it("says of a machine that is unlike training that it is so, without a colour of alarm", async () => {
    const { page, complaints, close } = await open("/turbine/north-sea/WT-02", "light");
    const training = page.locator("#training");
    expect(await training.innerText()).toMatch(/information, no alarm[\s\S]*Unlike training/);
    expect(
      await training.locator(".badge.warning, .badge.critical, .card.warning, .card.drift").count(),
    ).toBe(0);
    await training.locator("#training-figures > summary").click();
    expect(await training.locator(".cell").count()).toBeGreaterThan(10);
    await training.locator("details.feature > summary").first().click();
    expect(await training.locator(".histogram path").first().isVisible()).toBe(true);
    expect(complaints).toEqual([]);
    await close();
  });

  it("follows what happens without a reload, and keeps what the reader unfolded", async () => {
    const { page, complaints, close } = await open("/", "light");
    const story = page.locator("#alerts details.story").first();
    await story.locator("summary").click();
    await gateway.publish(fleet.topics.state("north-sea", "WT-77"), { ...stateOf("WT-77") });
    await page.locator("#turbines tbody tr", { hasText: "WT-77" }).waitFor();
    await page.locator("#chart-north-sea-WT-77").waitFor();
    expect(await story.getAttribute("open")).not.toBeNull();
    expect(complaints).toEqual([]);
    await close();
  });

  it("is usable on a narrow screen: nothing runs out of the page", async () => {
    const { page, complaints, close } = await open("/", "light", 390);
    await page.locator("#charts canvas").first().waitFor();
    const overflow = await page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    expect(overflow).toBeLessThanOrEqual(0);
    await shoot(page, "fleet-narrow");
    expect(complaints).toEqual([]);
    await close();
  });

  it("says so when the collector is gone", async () => {
    const config = {
      collector: { stateDir: createTemporaryFolder(), httpPort: 0 },
      mqtt: { embedded: { port: 0 } },
    };
    const collector = await startCollector(collectorConfigSchema().parse(config), { logger: silentLogger });
    const page = await browser.newPage();
    await page.goto(collector.url);
    expect(await page.locator("#alerts .empty").innerText()).toContain("No alert has been raised");
    await shoot(page, "empty-light");
    await collector.close();
    await page.locator("#lost").waitFor({ state: "visible" });
    await page.close();
  });
});

const stateOf = (turbine: string) => ({
  site: "north-sea",
  turbine,
  time: new Date().toISOString(),
  operatingState: "standby",
  health: "information-unavailable",
  alarms: [],
  lastScores: [],
  model: null,
  dataQuality: { windowsProcessed: 0, windowsQuarantined: 0, quarantinedByReason: {} },
});
