/** A bridge whose stamps are steadily after their arrival: its values are used, and it is told whose clock may be wrong. */
import { expect, test } from "vitest";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import type { Reading } from "../../src/core/contract/stream.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { composeSources } from "../../src/gateway/compose-sources.ts";
import { createReadingIntake } from "../../src/gateway/points/reading-intake.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { createFakeMqtt } from "./fakes.ts";
import { inventReadings } from "./points/scada/put-scada-bundle.ts";
import { channels, createScadaBundle, createScadaSite, unitOf } from "./points/scada/scada-site.ts";

const hourMs = 3_600_000;

/** A gateway's sources, and a bridge that publishes its rows of values now, stamped `aheadMs` later. */
function createBridge(names: readonly string[]) {
  const clock = createManualClock();
  const events: string[] = [];
  const warnings: unknown[] = [];
  let publish = (_payload: object): void => {};
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw", site: "north" },
    turbines: [{ id: "T1" }],
    scada: [
      {
        topic: "scada/T1",
        turbine: "T1",
        timePath: "time",
        channels: names.map((name) => ({
          name,
          path: name,
          unit: name === "shaft-speed" ? "rpm" : unitOf(name),
        })),
      },
    ],
  });
  const sources = composeSources(
    {
      config,
      mqtt: {
        ...createFakeMqtt(),
        connected: true,
        subscribe: async (topic, _qos, handler) => {
          publish = (payload) => handler(topic, new TextEncoder().encode(JSON.stringify(payload)), false);
        },
      },
      clock,
      timers: clock,
      logger: { ...silentLogger, warn: (_message, fields) => warnings.push(fields) },
      record: { telemetry: { event: (...event) => void events.push(event.join(" ")) } },
    },
    { add: () => {} },
  );
  const say = (values: object, aheadMs: number): void => {
    publish({ time: clock.nowMs() + aheadMs, ...values });
    sources.tick();
  };
  return { clock, events, warnings, sources, say };
}

test("a source of a clock that is ahead is told once, by name and cure, and its values are dated by their arrival", async () => {
  const { clock, events, warnings, sources, say } = createBridge(["power"]);
  const readings: Reading[] = [];
  const onRow = (reading: Reading): void => void readings.push(reading);
  await sources.start({ onRow, onPoll: () => {}, onQuality: () => {} });
  for (let second = 0; second < 120; second++) {
    clock.advance(1_000);
    say({ power: second }, 90_000);
  }
  expect(readings.at(-1)).toMatchObject({ value: 119, timestampMs: clock.nowMs() });
  const text = "clock is 90 s ahead of this gateway's; time of arrival is used";
  const cure = expect.stringMatching(/or this gateway's: `aurora doctor`/);
  const found = [{ code: "clock", text, cure, sinceMs: expect.any(Number) }];
  expect(sources.conditions()).toMatchObject([
    { readings: 120, bad: 0, redated: 90, faults: [`T1: ${text}`], diagnoses: found },
  ]);
  expect(sources.diagnosed("T1")).toEqual([{ source: "scada/T1", diagnoses: found }]);
  expect(warnings).toMatchObject([{ source: "scada/T1", subject: "T1", detail: text, hint: cure }]);
  expect(events).toEqual([
    expect.stringMatching(/^source-diagnosis\.onset scada\/T1 T1: clock is 90 s ahead/),
  ]);
  clock.jump(90_000);
  for (let second = 0; second < 70; second++) {
    clock.advance(1_000);
    say({ power: second }, 0);
  }
  expect(sources.diagnosed("T1")).toEqual([]);
  expect(events.slice(1)).toEqual([expect.stringMatching(/^source-diagnosis\.over /)]);
});

test("a shaft speed that measuring points refuse each time is told of its source", async () => {
  const { clock, sources, say } = createBridge(["shaft-speed"]);
  const { acceptReading } = createReadingIntake({
    maxAgeMs: 60_000,
    turbinesOf: new Map(),
    setAside: () => {},
    onSchemaDrift: () => {},
    onRefused: sources.refuse,
    onReading: () => {},
  });
  await sources.start({ onRow: acceptReading, onPoll: () => {}, onQuality: () => {} });
  for (let second = 0; second < 90; second++) {
    clock.advance(1_000);
    say({ "shaft-speed": 150_000 }, 0);
  }
  const text =
    "no value of shaft-speed of T1: each value is refused: expected -100000 to 100000 rpm, got 150000";
  expect(sources.diagnosed("T1")).toMatchObject([{ diagnoses: [{ code: "no-value", text }] }]);
});

test("a channel of which the contract refuses each value is told, until one is taken; what came last is shown", async () => {
  const { clock, events, sources, say } = createBridge(["power"]);
  const onRow = ({ deviceId, channel, value, timestampMs }: Reading): void => {
    const detail = `expected 0 to 3000 kW, got ${value}`;
    if (value > 3_000)
      sources.refuse({ reason: "range", deviceId, channel, timestampMs, detail, samples: 1 });
  };
  await sources.start({ onRow, onPoll: () => {}, onQuality: () => {} });
  const run = (seconds: number, power: number): void => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000);
      say({ power }, 0);
    }
  };
  run(30, 65_536);
  expect(sources.diagnosed("T1")).toEqual([]);
  run(60, 65_536);
  const text = "no value of power of T1: each value is refused: expected 0 to 3000 kW, got 65536";
  expect(sources.diagnosed("T1")).toMatchObject([
    { diagnoses: [{ code: "no-value", text, cure: expect.stringContaining("word order") }] },
  ]);
  clock.advance(2_000);
  expect(sources.conditions()[0]?.values).toEqual([
    { turbine: "T1", channel: "power", value: 65_536, unit: "kW", ageMs: 2_000 },
  ]);
  run(1, 900);
  expect(sources.conditions()[0]?.faults).toEqual([]);
  run(70, 900);
  expect(events).toHaveLength(2);
  run(1, 65_536);
  run(1, 900);
  run(70, 900);
  expect(events).toHaveLength(2);
});

test("rows of a clock that is ahead are all taken from the third on, and after the gateway's is set right", async () => {
  const { clock, sources, say } = createBridge(channels);
  const site = createScadaSite();
  const watch = site.start(createScadaBundle());
  await sources.start({ onRow: (row) => void watch.accept(row), onPoll: () => {}, onQuality: () => {} });
  const random = createRandom(3);
  const run = (hours: number, aheadMs: number): void => {
    for (let hour = 0; hour < hours; hour++) {
      clock.advance(hourMs);
      say(inventReadings(random, "T1", hour), aheadMs - random.integer(30_000));
      watch.tick(clock.nowMs());
    }
  };
  run(50, 2.5 * hourMs);
  await watch.idle();
  // The last one is still open.
  expect(site.rows).toHaveLength(47);
  clock.jump(2.5 * hourMs);
  run(50, 0);
  await watch.idle();
  expect(site.rows).toHaveLength(97);
  expect(new Set(site.rows.map(({ judged }) => judged.row.fromMs)).size).toBe(97);
});

test("rows that come before anybody told the gateway the time are those of their stamps, and end no day too early", async () => {
  const run = async (unsetHours: number): Promise<unknown> => {
    const { clock, sources, say } = createBridge(channels);
    const site = createScadaSite();
    const watch = site.start(createScadaBundle());
    await sources.start({ onRow: (row) => void watch.accept(row), onPoll: () => {}, onQuality: () => {} });
    const random = createRandom(3);
    const behindMs = clock.nowMs();
    clock.jump(-behindMs);
    for (let hour = 0; hour < 100; hour++) {
      if (hour === unsetHours) clock.jump(behindMs);
      clock.advance(hourMs);
      watch.tick(clock.nowMs());
      say(inventReadings(random, "T1", hour), hour < unsetHours ? behindMs : 0);
    }
    await watch.idle();
    expect(site.rows).toHaveLength(99);
    await watch.close();
    return JSON.parse(site.state.get("scada-turbine/T1") ?? "").watch;
  };
  expect(await run(37)).toEqual(await run(0));
});
