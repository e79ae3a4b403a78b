import { beforeEach, expect, test } from "vitest";
import { hasErrorCode } from "../../../../src/core/contract/aurora-error.ts";
import type {
  BrokerConnection,
  ConnectionLoss,
} from "../../../../src/core/platform/mqtt/broker-connection.ts";
import {
  createMqttExchanges,
  type MqttExchanges,
} from "../../../../src/core/platform/mqtt/mqtt-exchanges.ts";
import { createManualClock, type ManualClock } from "../../../support/manual-clock.ts";

let clock: ManualClock;
let exchanges: MqttExchanges;
let cuts: ConnectionLoss[];
let bytesHeard: number;
let connection: BrokerConnection;

beforeEach(() => {
  clock = createManualClock();
  exchanges = createMqttExchanges({ subject: "mqtt://broker", answerTimeoutMs: 1000, timers: clock });
  cuts = [];
  const nothing = (): void => {};
  const ends = { end: nothing, cut: (loss: ConnectionLoss) => void cuts.push(loss) };
  bytesHeard = 0;
  connection = {
    get bytesHeard() {
      return bytesHeard;
    },
    publish: nothing,
    subscribe: nothing,
    unsubscribe: nothing,
    ...ends,
  };
});

const failure = (exchange: Promise<void>): Promise<unknown> => exchange.catch((error: unknown) => error);

test("an exchange ends with its answer, once, and leaves no timer behind", async () => {
  const refusal = new Error("not authorised");
  await exchanges.run(connection, (_link, done) => {
    done(null);
    done(refusal);
  });
  const error = await failure(exchanges.run(connection, (_link, done) => done(refusal)));
  expect(error).toMatchObject({ code: "MQTT", message: "not authorised", cause: refusal });
  expect([exchanges.waiting, clock.pendingTimers, cuts]).toEqual([0, 0, []]);
});

test("of what is too large for the broker the hint is its limit, not the login", async () => {
  const tooLarge = Object.assign(new Error("Packet too large"), { code: 149 });
  const error = await failure(exchanges.run(connection, (_link, done) => done(tooLarge)));
  expect(error).toMatchObject({ hint: expect.stringContaining("max_packet_size") });
});

test("without a connection it is refused at once", async () => {
  const error = await failure(exchanges.run(null, () => expect.fail("begun without a connection")));
  expect(hasErrorCode(error, "MQTT")).toBe(true);
});

test("a broker that does not answer is cut off, which ends what waits", async () => {
  const waiting = failure(exchanges.run(connection, () => {}));
  clock.advance(1000);
  expect(cuts).toEqual([{ reason: "silent", detail: "no answer within 1000 ms" }]);
  expect([exchanges.waiting, clock.pendingTimers]).toEqual([1, 0]);
  exchanges.failAll("connection lost: no answer within 1000 ms");
  expect(await waiting).toMatchObject({ message: "connection lost: no answer within 1000 ms" });
});

test("a broker that goes on sending has longer for an answer, not for ever, and none once it says nothing", async () => {
  const answers: ((error: null) => void)[] = [];
  const ask = (): Promise<unknown> =>
    failure(exchanges.run(connection, (_link, done) => void answers.push(done)));
  const hear = (times: number): void => {
    for (let time = 0; time < times; time++) {
      bytesHeard += 1;
      clock.advance(1000);
    }
  };
  const first = ask();
  hear(5);
  answers[0]!(null);
  expect([await first, clock.pendingTimers, cuts]).toEqual([undefined, 0, []]);
  void ask();
  hear(3);
  expect(cuts).toEqual([]);
  clock.advance(1000);
  expect(cuts).toEqual([{ reason: "silent", detail: "no answer within 4000 ms" }]);
  void ask();
  hear(11);
  expect(cuts).toHaveLength(1);
  hear(1);
  expect(cuts).toHaveLength(2);
});

test("a lost connection ends all that wait, and whoever waited for that goes on", async () => {
  const waiting = [1, 2].map(() => failure(exchanges.run(connection, () => {})));
  const idle = exchanges.idle(60_000);
  exchanges.failAll("connection lost: unplugged");
  clock.advance(15);
  await idle;
  for (const error of await Promise.all(waiting))
    expect(error).toMatchObject({ message: "connection lost: unplugged" });
  expect(clock.pendingTimers).toBe(0);
});
