import type { BrowserContextOptions, Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { chromiumPath } from "../../scripts/chromium.ts";
import { useSeededFleet } from "./seeded-fleet.ts";

const hourMs = 3_600_000;
const toMs = Date.UTC(2026, 10, 20, 7, 51, 3);

/** A point of two steps, as the API gives it. */
function point(failureModes: readonly string[], latest: readonly (number | null)[]) {
  const columns = latest.map((risk) => [null, risk]);
  return {
    component: "generator-bearing",
    failureModes,
    timesMs: [toMs - 60_000, toMs],
    mean: columns,
    max: columns,
    meanRisk: columns,
    maxRisk: columns,
    isLearning: [true, true],
    shaftRpm: [1500, 1500],
  };
}

describe.skipIf(chromiumPath === undefined)("charts in Chromium (skipped where there is none)", () => {
  const seeded = useSeededFleet("charts");

  /** Opens a page whose charts are of `series`, which may be another one each time, and whose time the test lets pass. */
  async function open(
    path: string,
    series: () => readonly object[],
    options: BrowserContextOptions = {},
  ): Promise<{ readonly page: Page; readonly asked: string[] }> {
    const context = await seeded.browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const asked: string[] = [];
    await page.clock.install();
    await page.route(/predictions/, async (route) => {
      const query = new URL(route.request().url()).searchParams;
      asked.push(query.get("turbine")!);
      const spanMs = Number(query.get("spanMs"));
      const bucketMs = spanMs / Number(query.get("steps"));
      await route.fulfill({ json: { fromMs: toMs - spanMs, toMs, bucketMs, series: series() } });
    });
    await page.goto(`${seeded.fleet.collector.url}${path}`);
    return { page, asked };
  }

  const single = "/turbine/north-sea/WT-02?range=1h";

  it("takes a plot away whose point has other failure modes by now, or none", async () => {
    let now: readonly object[] = [point(["ball", "inner-race"], [0.1, 0.2]), point(["rotor"], [0.3])];
    const { page } = await open(single, () => now);
    await page.locator("#charts .uplot").nth(1).waitFor();
    now = [point(["ball", "inner-race", "outer-race"], [0.1, 0.2, 0.3])];
    await page.clock.runFor(11_000);
    await page.locator("#charts .u-legend", { hasText: "Outer race" }).waitFor();
    expect(await page.locator("#charts .uplot").count()).toBe(1);
    now = [];
    await page.clock.runFor(11_000);
    await page.getByText("No predictions in this time range.").waitFor();
    expect(await page.locator("#charts .uplot").count()).toBe(0);
  });

  it("says of when the latest step is, and learning only of a failure mode of which no risk is known", async () => {
    const { page } = await open(single, () => [
      point(["ball", "inner-race"], [null, 0.88]),
      { ...point(["rotor"], [0.3]), component: "main-bearing" },
    ]);
    await page.locator("#charts .uplot").first().waitFor();
    expect(await page.locator(".plot").getAttribute("aria-label")).toBe(
      "Generator bearing: Risk over time. Latest, of 2026-11-20 07:51:03 UTC: Ball learning, Inner race 88.0 %. " +
        "Main bearing: Risk over time. Latest, of 2026-11-20 07:51:03 UTC: Rotor 30.0 %.",
    );
  });

  it("marks even steps of UTC on the day on which the reader's zone changes its clocks", async () => {
    const { page } = await open(single, () => [], { timezoneId: "America/Havana" });
    const endMs = Date.UTC(2026, 2, 8, 12, 20);
    const fromMs = endMs - 24 * hourMs;
    await page.addInitScript(`
      globalThis.drawn = [];
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
        drawn.push(text);
        return fillText.call(this, text, ...place);
      };`);
    await page.route(/predictions/, (route) => {
      const series = [{ ...point(["ball"], [0.1]), timesMs: [endMs - 60_000, endMs] }];
      return route.fulfill({ json: { fromMs, toMs: endMs, bucketMs: 60_000, series } });
    });
    await page.goto(page.url().replace("range=1h", "range=24h"));
    await page.locator("#charts .uplot").waitFor();
    const readHours = () => page.evaluate<string[]>("drawn.filter((text) => /^\\d\\d:\\d\\d$/.test(text))");
    await expect.poll(async () => (await readHours()).length).toBeGreaterThan(0);
    const drawn = await readHours();
    const hours = [...new Set(drawn)].map((text) => Number(text.slice(0, 2)));
    expect(hours).toContain(0);
    const steps = hours.slice(1).map((hour, index) => (hour - hours[index]! + 24) % 24);
    expect(new Set(steps).size, hours.join()).toBe(1);
  });

  it("tells lines apart without colours, in the legend too, and with colours of the reader's own", async () => {
    const modes = ["ball", "cage", "inner-race", "outer-race"];
    const series = (): readonly object[] => [point(modes, [0.1, 0.2, 0.3, 0.4])];
    const { page } = await open(single, series, { forcedColors: "active" });
    await page.locator("#charts .u-legend").waitFor();
    const marks = await page.evaluate<string[]>(`
      [...document.querySelectorAll("#charts .u-legend .u-marker")]
        .filter((mark) => mark.offsetParent !== null)
        .map((mark) => getComputedStyle(mark).background)`);
    const shapes = marks.slice(1).map((mark) => mark.replace(/rgba?\([^)]*\)/g, "colour"));
    // Behind the time: four failure modes and the shaft's speed.
    expect(shapes).toHaveLength(5);
    expect(new Set(shapes).size).toBe(5);
    expect(shapes.slice(1).every((shape) => shape.includes("repeating-linear-gradient"))).toBe(true);
  });

  it("asks for a chart once a step, once for one that is out of view, and again when it comes into view", async () => {
    const { page, asked } = await open("/?range=1h", () => [point(["ball"], [0.1])], {
      viewport: { width: 390, height: 300 },
    });
    for (let second = 0; second < 6; second++) {
      await page.clock.runFor(1_000);
      await page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
    }
    await page.locator("#charts .uplot").nth(3).waitFor();
    const before = asked.length;
    expect(new Set(asked).size).toBe(before);
    await page.clock.runFor(60_000);
    expect(asked.length).toBe(before);
    await page.locator('figure[data-turbine="WT-01"]').scrollIntoViewIfNeeded();
    await page.clock.runFor(1_100);
    await expect.poll(() => asked.length).toBeGreaterThan(before);
    const now = () => page.evaluate<number>("performance.now()");
    const fromMs = await now();
    const seen = asked.filter((turbine) => turbine === "WT-01").length;
    for (let second = 0; second < 30; second++) {
      await page.clock.runFor(1_000);
      await page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
    }
    const steps = ((await now()) - fromMs) / (hourMs / 400);
    const more = asked.filter((turbine) => turbine === "WT-01").length - seen;
    expect(more).toBeGreaterThanOrEqual(2);
    expect(more).toBeLessThanOrEqual(steps + 1);
  });

  it("has places for the turbines of the page as it is now", async () => {
    const { page } = await open("/?range=1h", () => [point(["ball"], [0.1])]);
    await page.locator("#charts .uplot").nth(2).waitFor();
    await page.route(/\?range=1h$/, async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(/<figure[^>]*data-turbine="WT-01".*?<\/figure>/s, "");
      await route.fulfill({ response: answer, body });
    });
    await page.clock.runFor(3_100);
    await page.locator('figure[data-turbine="WT-01"]').waitFor({ state: "detached" });
    expect(await page.locator("#charts .uplot").count()).toBe(3);
  });
});
