/** A gateway reduced to outbox and uplink, as a process that a test can kill: appends numbered alerts and says each number once it is durable. */
import { createTopics } from "../../src/core/contract/topics.ts";
import { systemClock, systemTimers } from "../../src/core/platform/clock.ts";
import { createMqttClient } from "../../src/core/platform/mqtt/mqtt-client.ts";
import { createOutbox } from "../../src/gateway/record/outbox.ts";
import { openStoreFile } from "../../src/gateway/record/store-file.ts";
import { createUplink } from "../../src/gateway/record/uplink.ts";

const [path, url, first, count] = process.argv.slice(2) as [string, string, string, string];
const file = openStoreFile({ path });
const outbox = createOutbox({ file, clock: systemClock, timers: systemTimers });
const transport = createMqttClient({ url, clientId: "gateway", backoff: { firstMs: 20, maxMs: 100 } });
createUplink({
  gateway: "gw",
  outbox,
  transport,
  topics: createTopics("aurora/v1"),
  clock: systemClock,
  timers: systemTimers,
  ackTimeoutMs: 300,
  resend: { firstMs: 20, maxMs: 200 },
});

let next = Number(first);
const end = next + Number(count);
const append = (): void => {
  if (next >= end) return;
  outbox.append({ kind: "alert", id: `${next}`, json: "{}" });
  // None follows before this one is said: where nobody reads, stdout would gather numbers, which a kill takes along.
  process.stdout.write(`${next}\n`, () => setImmediate(append));
  next += 1;
};
append();
setInterval(() => {
  if (next >= end && outbox.counts().records === 0) process.exit(0);
}, 20);
