import type { BrowserContextOptions, Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { chromiumPath } from "../../scripts/chromium.ts";
import { answerUnavailable } from "../../src/collector/api/page-routes.ts";
import type { AlertEvent } from "../../src/core/contract/alert.ts";
import { countStates } from "../collector/fleet-fixture.ts";
import { alertEvent, alertRecord, model, turbineState } from "../collector/fleet-records.ts";
import { until } from "../support/until.ts";
import { useSeededFleet } from "./seeded-fleet.ts";

const request = { method: "GET", path: "/", params: {}, query: {}, headers: {}, body: null } as const;

describe.skipIf(chromiumPath === undefined)("the page's renewal in Chromium", () => {
  const seeded = useSeededFleet("renewal");

  /** A page whose time the test can let pass; `before` sees it before it is opened. */
  async function open(
    path: string,
    before: (page: Page) => Promise<unknown> = async () => {},
    options: BrowserContextOptions = {},
  ): Promise<Page> {
    const context = await seeded.browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.clock.install();
    await before(page);
    await page.goto(`${seeded.fleet.collector.url}${path}`);
    return page;
  }

  /** Lets the page renew itself; what it was told before is in place then. */
  async function renew(page: Page): Promise<void> {
    for (let round = 0; round < 2; round++) {
      const answer = page.waitForResponse(isRenewal);
      await page.clock.runFor(3_100);
      await (await answer).finished();
    }
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
  }

  const isRenewal = (response: { url(): string; request(): { resourceType(): string } }): boolean =>
    response.request().resourceType() === "fetch" && !response.url().includes("/api/");

  async function addTurbine(turbine: string): Promise<void> {
    const states = await countStates(seeded.fleet);
    const state = turbineState(turbine, Date.now(), seeded.fleet.digest);
    await seeded.gateway.publish(seeded.fleet.topics.state("north-sea", turbine), state);
    await until(async () => (await countStates(seeded.fleet)) > states, "state stored");
  }

  const raise = (turbine: string, changes: Partial<AlertEvent["data"]> = {}): Promise<void> =>
    seeded.gateway.send(
      alertRecord(
        alertEvent(turbine, "raised", Date.now(), { model: model(seeded.fleet.digest), ...changes }),
      ),
    );

  const select = (page: Page, selector: string): Promise<void> => page.locator(selector).first().selectText();

  const focused = (page: Page): Promise<unknown> =>
    page.evaluate(`(() => {
      const { activeElement: at } = document;
      return { id: at.id, href: at.getAttribute("href"), card: at.closest("article")?.getAttribute("aria-label") ?? null };
    })()`);

  const text = (page: Page, selector: string): Promise<string> => page.locator(selector).first().innerText();

  describe("while somebody reads", () => {
    it("holds a part back in which text is selected, for half a minute at most", async () => {
      const page = await open("/");
      await select(page, "#turbines tbody th a");
      await addTurbine("WT-50");
      const isShown = async () => (await page.locator("#turbines tr", { hasText: "WT-50" }).count()) === 1;
      await renew(page);
      expect(await isShown()).toBe(false);
      await page.clock.fastForward(30_000);
      // The part may have been held first by an answer that came late.
      await until(async () => {
        await renew(page);
        return await isShown();
      }, "the turbine on the page");
    });

    it("shows a new alert at once, whatever is selected, says it and counts it in the title", async () => {
      const page = await open("/");
      expect(await page.title()).toBe("(1) Fleet · aurora-edge");
      await renew(page);
      expect(await page.locator("#news").textContent()).toBe("");
      await select(page, "#alerts h3");
      await raise("WT-04", { failureMode: "outer-race" });
      await renew(page);
      expect(
        await page.locator('#alerts article[aria-label="outer race fault, turbine WT-04"]').count(),
      ).toBe(1);
      expect(await page.getByRole("status").textContent()).toBe(
        "1 new alert: outer race fault, turbine WT-04",
      );
      expect(await page.title()).toBe("(2) Fleet · aurora-edge");
    });

    it("says of a list that has more parts what is new, and not what came from behind", async () => {
      const page = await open("/");
      let change = (body: string): string => body;
      const card = /<article [^>]*turbine WT-02".*?<\/article>/gs;
      await page.route(/\/$/, async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, body: change(await answer.text()) });
      });
      const number = (alarms: number) => (body: string) =>
        body.replace(/data-alarms="\d+"/, `data-alarms="${alarms}"`);
      change = (body) => number(30)(body).replace(card, "");
      await renew(page);
      const news = () => page.locator("#news").textContent();
      expect(await news()).toMatch(/^\d+ new alerts: .*\d+ in another part of the list$/);
      await page.evaluate('document.getElementById("news").textContent = ""');
      await page.reload();
      await renew(page);
      change = number(29);
      await renew(page);
      expect(await news()).toBe("");
      expect(await page.locator("#alerts article", { hasText: "WT-02" }).count()).toBeGreaterThan(0);
      change = number(30);
      await renew(page);
      expect(await news()).toBe("1 new alert: 1 in another part of the list");
    });

    it("does not call an old alarm new that slides into view as another ends", async () => {
      let over = 0;
      const page = await open("/", (page) =>
        page.route(/\/$/, async (route) => {
          const answer = await route.fetch();
          await route.fulfill({ response: answer, body: showTwelve(await answer.text(), 13, over) });
        }),
      );
      expect(await page.locator("#alerts article").count()).toBe(12);
      await renew(page);
      over = 1;
      await renew(page);
      expect(await page.locator('#alerts article[aria-label="old 12"]').count()).toBe(1);
      expect(await page.locator("#news").textContent()).toBe("");
    });

    it("keeps the focus on the same turbine, the same alert and the same life", async () => {
      const page = await open("/");
      await page.locator('#turbines a[href$="/WT-02"]').focus();
      await addTurbine("AA-01");
      await renew(page);
      expect(await page.locator("#turbines tbody tr").first().innerText()).toContain("AA-01");
      expect(await focused(page)).toMatchObject({ href: "/turbine/north-sea/WT-02" });

      const link = '#alerts article[aria-label="inner race fault, turbine WT-02"]';
      await page.locator(`${link} h3 + p a`).focus();
      await raise("WT-02", { failureMode: "ball" });
      await renew(page);
      expect(await focused(page)).toMatchObject({ card: "inner race fault, turbine WT-02" });

      const life = page.locator(`${link} details.story`);
      const id = await life.getAttribute("id");
      await life.locator("summary").focus();
      await raise("WT-01", { failureMode: "ball" });
      await renew(page);
      const at = await page.evaluate("document.activeElement.parentElement.id");
      expect(at).toBe(id);
    });

    it("brings the focus to the panel when what had it is gone", async () => {
      const page = await open("/");
      await page.locator('#turbines a[href$="/WT-02"]').focus();
      await page.route(/\/$/, async (route) => {
        const answer = await route.fetch();
        const body = (await answer.text()).replace(
          /<tr[^>]*>\s*<th[^>]*><span class="name"><a href="[^"]*WT-02".*?<\/tr>/s,
          "",
        );
        await route.fulfill({ response: answer, body });
      });
      await renew(page);
      expect(await focused(page)).toMatchObject({ id: "turbines", href: null });
    });
  });

  describe("when the collector does not answer", () => {
    const isLive = async (page: Page) => (await text(page, "#clock")).startsWith("Live");
    const isLost = (page: Page) => page.locator("#lost").isVisible();

    it("says so after some ten seconds of silence, and takes Live away", async () => {
      const page = await open("/");
      expect([await isLive(page), await isLost(page)]).toEqual([true, false]);
      await page.route(/\/$/, () => {});
      await page.clock.runFor(4_000);
      expect([await isLive(page), await isLost(page)]).toEqual([true, false]);
      await page.clock.runFor(9_000);
      expect([await isLive(page), await isLost(page)]).toEqual([false, true]);
      expect(await text(page, "#clock")).toMatch(/^As of/);
      const since = await text(page, "#lost-since");
      expect(await text(page, "#clock time")).toBe(since);
    });

    it("asks once a minute while nobody sees it, and is live again after an answer alone", async () => {
      const page = await open("/");
      let asked = 0;
      page.on("request", (each) => {
        if (each.url().endsWith("/")) asked++;
      });
      const show = (isShown: boolean) =>
        page.evaluate(`
          Object.defineProperty(document, "hidden", { configurable: true, value: ${!isShown} });
          document.dispatchEvent(new Event("visibilitychange"))`);
      await show(false);
      await page.clock.runFor(40_000);
      expect(asked).toBe(0);
      await page.clock.runFor(25_000);
      await until(() => asked === 1, "asked");
      await page.route(/\/$/, () => {});
      await page.clock.runFor(40_000);
      await show(true);
      expect([await isLive(page), await isLost(page)]).toEqual([false, false]);
      await page.clock.runFor(13_000);
      expect([await isLive(page), await isLost(page)]).toEqual([false, true]);
    });

    it("takes another page for no renewal", async () => {
      const page = await open("/");
      await page.route(/\/$/, (route) => route.fulfill({ contentType: "text/html", body: "<p>Sign in</p>" }));
      await renew(page);
      expect([await isLive(page), await isLost(page)]).toEqual([false, true]);
    });

    it("stays live where charts alone fail, and these say so", async () => {
      const page = await open("/", (each) => each.route(/predictions/, (route) => route.abort()));
      await renew(page);
      await renew(page);
      expect([await isLive(page), await isLost(page)]).toEqual([true, false]);
      expect(await text(page, 'figure[data-turbine="WT-01"]')).toContain("This chart cannot be loaded now.");
    });

    it("asks nothing again on a page of an address that is not known", async () => {
      const page = await open("/nothing");
      let asked = 0;
      page.on("request", (each) => {
        if (each.resourceType() === "fetch") asked++;
      });
      await page.clock.runFor(20_000);
      expect(asked).toBe(0);
      expect(await page.locator("#lost").count()).toBe(0);
    });

    it("comes back by itself from a page that was opened while the record could not be asked", async () => {
      const { headers, body } = await answerUnavailable(request);
      let asked = 0;
      const page = await open("/", (each) =>
        each.route(/\/$/, (route) =>
          asked++ < 2
            ? route.fulfill({ status: 503, headers: { ...headers }, body: String(body) })
            : route.continue(),
        ),
      );
      expect(await text(page, "main")).toContain("The record cannot be asked now");
      await page.clock.runFor(5_100);
      await until(() => asked === 2, "asked again");
      await page.clock.runFor(5_100);
      await page.locator("#turbines").waitFor();
    });

    it("claims nothing without JavaScript: neither that it is live nor that a chart comes", async () => {
      const page = await open("/", undefined, { javaScriptEnabled: false });
      expect(await text(page, "#clock")).toMatch(/^As of \d{4}-/);
      const words = await text(page, "body");
      expect(words).toContain("Without JavaScript this page stays as it was made");
      expect(words).not.toMatch(/Live|Loading/);
    });
  });
});

/** A page with as many alarms of long ago, but those that are over by now, of which it shows twelve. */
function showTwelve(body: string, standing: number, over: number): string {
  const cards = /<article [^>]*id="alarm-[\s\S]*<\/article>/;
  const [card] = /<article [^>]*id="alarm-[\s\S]*?<\/article>/.exec(body)!;
  const shown = Array.from({ length: 12 }, (_, index) =>
    card
      .replace(/id="alarm-\d+"/, `id="alarm-90${index + over}"`)
      .replace(/data-since-ms="\d+"/, 'data-since-ms="1000"')
      .replace(/aria-label="[^"]*"/, `aria-label="old ${index + over}"`),
  );
  return body.replace(/data-alarms="\d+"/, `data-alarms="${standing - over}"`).replace(cards, shown.join(""));
}
