/** A collector with a seeded fleet, its gateway and a browser, for the tests of one file. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launchChromium } from "../../scripts/chromium.ts";
import { createScratchFolder } from "../../scripts/scratch-folder.ts";
import {
  connectGateway,
  startTestFleet,
  type TestFleet,
  type TestGateway,
} from "../collector/fleet-fixture.ts";
import { seedFleet } from "../collector/seed-fleet.ts";

interface SeededFleet {
  fleet: TestFleet;
  gateway: TestGateway;
  browser: Browser;
}

/** To be called in a `describe`: what is returned is there when its tests run, and is closed behind them. */
export function useSeededFleet(name: string): Readonly<SeededFleet> {
  const scratch = createScratchFolder(name);
  const seeded: Partial<SeededFleet> = {};
  beforeAll(async () => {
    seeded.fleet = await startTestFleet(scratch.path);
    seeded.gateway = await connectGateway(seeded.fleet);
    await seedFleet(seeded.fleet, seeded.gateway);
    seeded.browser = await launchChromium();
  });
  afterAll(async () => {
    await seeded.browser?.close();
    await seeded.gateway?.close();
    await seeded.fleet?.collector.close();
    scratch.remove();
  });
  return seeded as SeededFleet;
}
