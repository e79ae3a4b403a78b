import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { chromiumPath } from "../../scripts/chromium.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { connectGateway, longGateway } from "../collector/fleet-fixture.ts";
import { alertEvent, alertRecord, model, turbineState } from "../collector/fleet-records.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { startCollector } from "../support/whole-collector.ts";
import { useSeededFleet } from "./seeded-fleet.ts";

const screenshots = process.env.AURORA_SCREENSHOT_DIR;
describe.skipIf(chromiumPath === undefined)("the page in Chromium (skipped where there is none)", () => {
  const seeded = useSeededFleet("page");

  /** Opens a path; collects what the console and the network say. */
  async function open(path: string, scheme: "light" | "dark", width = 1440) {
    const context = await seeded.browser.newContext({
      colorScheme: scheme,
      viewport: { width, height: 1000 },
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    const origin = new URL(seeded.fleet.collector.url).origin;
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
    await page.goto(`${seeded.fleet.collector.url}${path}`);
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
      const legend = page.locator('figure[data-turbine="WT-03"] .u-legend');
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
    await seeded.gateway.publish(seeded.fleet.topics.state("north-sea", "WT-77"), { ...stateOf("WT-77") });
    await page.locator("#turbines tbody tr", { hasText: "WT-77" }).waitFor();
    await page.locator('figure[data-turbine="WT-77"]').waitFor();
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

  it("prints all columns, of when they are, and what is said of a lost connection", async () => {
    // What A4 has between its margins.
    const { page, close } = await open("/", "light", 718);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#clock").isVisible()).toBe(true);
    await page.evaluate("document.getElementById('lost').hidden = false");
    expect(await page.locator("#lost").isVisible()).toBe(true);
    const cropped = `[...document.querySelectorAll(".scroll > table")].filter(
      (table) => table.getBoundingClientRect().right > table.closest(".panel").getBoundingClientRect().right ||
        getComputedStyle(table.parentElement).overflowX !== "visible").length`;
    expect(await page.evaluate(cropped)).toBe(0);
    await shoot(page, "fleet-print");
    await close();
  });

  it("keeps the reader's place over another range and a search, and leads past the alerts", async () => {
    const { page, close } = await open("/", "light", 390);
    const topOf = async (id: string): Promise<number> => (await page.locator(id).boundingBox())!.y;
    const isSoonInView = (id: string) =>
      expect.poll(async () => Math.abs((await topOf(id)) - 450), { timeout: 5_000 }).toBeLessThan(500);
    await page.locator("#charts .ranges a", { hasText: "6 h" }).click();
    await page.waitForURL("**/?range=6h#charts");
    await isSoonInView("#charts");
    await page.locator("input[type=search]").fill("WT-03");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/?range=6h&q=WT-03&sort=#turbines");
    await isSoonInView("#turbines");
    await page.goto(seeded.fleet.collector.url);
    expect(await topOf("#turbines")).toBeGreaterThan(1000);
    await page.locator('.skip[href="#turbines"]').focus();
    await page.keyboard.press("Enter");
    await isSoonInView("#turbines");
    await page.goto(`${seeded.fleet.collector.url}/nothing`);
    expect(await page.locator("h1").innerText()).toBe("Nothing here");
    await close();
  });

  it("runs out of the page with no name, however long one is permitted to be", async () => {
    const named = (name: string): string => name.repeat(63).slice(0, 63);
    const [site, turbine, component] = [named("SITE_"), named("TURBINE_"), named("component")];
    const nowMs = Date.now();
    const time = new Date(nowMs).toISOString();
    const failureMode = named("mode");
    const longModel = { ...model(seeded.fleet.digest), name: named("model") };
    const device = {
      device: named("device"),
      diagnoses: [{ ...diagnosis, cure: named("cure"), sinceMs: nowMs }],
    };
    await seeded.gateway.publish(
      seeded.fleet.topics.state(site, turbine),
      turbineState(turbine, nowMs, longModel.digest, {
        site,
        model: { ...longModel, digest: "f".repeat(64) },
        components: [{ component, health: "critical", reason: named("reason"), sinceMs: nowMs }],
        lastScores: [{ component, failureMode, probability: 0.9, risk: 0.6, time }],
        devices: [device],
      }),
    );
    const change = { site, component, failureMode, model: longModel, clearedBecause: named("because") };
    await seeded.gateway.send(
      alertRecord(alertEvent(turbine, "raised", nowMs, change)),
      alertRecord(alertEvent(turbine, "cleared", nowMs + 1, change)),
      alertRecord(alertEvent(turbine, "raised", nowMs + 2, change)),
    );
    await seeded.gateway.send(
      {
        kind: "event",
        timeMs: nowMs,
        name: named("name"),
        subject: named("subject"),
        detail: named("detail"),
      },
      {
        kind: "update",
        timeMs: nowMs,
        step: "refused",
        modelName: named("model"),
        fromVersion: "1.0.0",
        toVersion: "1.0.1",
        detail: named("detail"),
      },
    );
    const other = await connectGateway(seeded.fleet, longGateway);
    await other.publish(seeded.fleet.topics.status(longGateway), { ...statusOf(longGateway), time });
    await other.close();
    const { page, close } = await open("/", "light");
    await page.locator("#gateways tbody tr", { hasText: longGateway }).waitFor();
    await page.locator("#turbines tbody tr", { hasText: turbine }).waitFor();
    for (const path of ["/", `/turbine/${site}/${turbine}`, "/drift"]) {
      await page.goto(`${seeded.fleet.collector.url}${path}`);
      for (const width of [320, 390, 718, 1440]) {
        await page.setViewportSize({ width, height: 1000 });
        const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect(await page.evaluate(overflow), `${path} at ${width} px`).toBeLessThanOrEqual(0);
        // One long name leaves the others room.
        if (path === "/") {
          const widest = `Math.max(...[...document.querySelectorAll(".scroll > table")].map(({ offsetWidth }) => offsetWidth))`;
          expect(await page.evaluate(widest)).toBeLessThanOrEqual(Math.max(1100, width));
        }
      }
      await shoot(page, `long-${path.slice(1, 6)}`);
    }
    await close();
  });

  it("says so when the collector is gone", async () => {
    const config = {
      collector: { stateDir: createTemporaryFolder(), httpPort: 0 },
      mqtt: { embedded: { port: 0 } },
    };
    const collector = await startCollector(collectorConfigSchema().parse(config), { logger: silentLogger });
    const page = await seeded.browser.newPage();
    await page.goto(collector.url);
    expect(await page.locator("#alerts .empty").innerText()).toContain("No alert has been raised");
    await shoot(page, "empty-light");
    await collector.close();
    await page.locator("#lost").waitFor({ state: "visible" });
    await page.close();
  });
});

const statusOf = (gateway: string) => ({ gateway, online: true, version: "0.1.0", config: null });
const diagnosis = { kind: "clock", code: "clock-ahead", text: "its clock is ahead" } as const;

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
