import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sampleContents } from "../../core/bundle/sample-bundle.ts";
import { createUpdateFixture, type UpdateFixture } from "./update-fixture.ts";

let fixture: UpdateFixture;
beforeEach(async () => {
  fixture = await createUpdateFixture();
});
afterEach(() => fixture.close());

/** Timers that fire only when told. */
function manualTimers(): {
  readonly delays: number[];
  after(delayMs: number, callback: () => void): () => void;
  fire(): void;
} {
  const delays: number[] = [];
  let pending: (() => void) | null = null;
  return {
    delays,
    after(delayMs, callback) {
      delays.push(delayMs);
      pending = callback;
      return () => {
        if (pending === callback) pending = null;
      };
    },
    fire() {
      const callback = pending;
      pending = null;
      callback?.();
    },
  };
}

/** An updater whose first look is over; `before`: waits that were asked for until then. */
async function startLooking(pollIntervalMs: number) {
  const timers = manualTimers();
  const gateway = await fixture.gateway({ timers, pollIntervalMs });
  gateway.updater.start();
  timers.fire();
  await gateway.updater.checkNow();
  return { timers, gateway, before: timers.delays.length };
}

describe("the updater's schedule", () => {
  it("looks soon after the start and then at the interval, spread by a fifth either way", async () => {
    const timers = manualTimers();
    let random = 0;
    const gateway = await fixture.gateway({ timers, random: () => random, pollIntervalMs: 100_000 });
    await gateway.updater.checkNow();
    expect(timers.delays).toEqual([]); // not started: nobody polls
    gateway.updater.start();
    gateway.updater.start();
    expect(timers.delays).toEqual([0]);
    for (const value of [0, 0.5, 0.999]) {
      random = value;
      timers.fire();
      await gateway.updater.checkNow();
    }
    expect(timers.delays.slice(1).every((delay) => delay >= 80_000 && delay <= 120_000)).toBe(true);
    expect(Math.max(...timers.delays) - Math.min(...timers.delays.slice(1))).toBeGreaterThan(30_000);
  });

  it("follows a nudge soon, however many come, and never delays for one", async () => {
    const { timers, gateway, before } = await startLooking(100_000);
    for (let count = 0; count < 5; count++) gateway.updater.nudge(1_000);
    expect(timers.delays.slice(before)).toEqual([500]);
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    timers.fire();
    await gateway.updater.checkNow();
    expect(gateway.activated).toHaveLength(1);
  });

  it("follows the nudge of a large fleet over the time that it states, but never later than it polls", async () => {
    const { timers, gateway, before } = await startLooking(100_000);
    gateway.updater.nudge(300_000);
    expect(timers.delays.slice(before)).toEqual([]);
    gateway.updater.nudge(60_000);
    expect(timers.delays.slice(before)).toEqual([30_000]);
  });

  it("looks again within a minute where the source did not answer, and later each time", async () => {
    const timers = manualTimers();
    const gateway = await fixture.gateway({ timers, pollIntervalMs: 400_000 });
    gateway.updater.start();
    const looks = async (count: number): Promise<readonly number[]> => {
      const before = timers.delays.length;
      for (let each = 0; each < count; each++) {
        timers.fire();
        await gateway.updater.checkNow();
      }
      return timers.delays.slice(before);
    };
    await looks(1);
    fixture.reachable(false);
    expect(await looks(4)).toEqual([45_000, 90_000, 180_000, 300_000]);
    fixture.reachable(true);
    expect(await looks(1)).toEqual([400_000]);
  });

  it("runs one look at a time", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const gateway = await fixture.gateway();
    const outcomes = await Promise.all([1, 2, 3].map(() => gateway.updater.checkNow()));
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(["activated", "current", "current"]);
  });

  it("goes on after an error of ours in a callback, and stops for good when closed", async () => {
    await fixture.publish(sampleContents({ version: "1.1.0" }));
    const timers = manualTimers();
    const gateway = await fixture.gateway({
      timers,
      onStep: () => {
        throw new Error("the store is full");
      },
    });
    gateway.updater.start();
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "activated" });
    await gateway.updater.close();
    const count = timers.delays.length;
    gateway.updater.nudge(1_000);
    expect(await gateway.updater.checkNow()).toMatchObject({ kind: "unreachable" });
    expect(timers.delays).toHaveLength(count);
  });
});
