import { Aedes } from "aedes";
import { expect, it, onTestFinished } from "vitest";
import { boundEmitterDepth } from "../../../../src/core/platform/mqtt/bound-emitter.ts";

interface Queue {
  on(topic: string, listener: (message: { readonly payload: number }, done: () => void) => void): void;
  emit(message: { readonly topic: string; readonly payload: number }): void;
}

it("goes on after tens of thousands of messages have waited for a slow subscriber, in their order", async () => {
  const broker = await Aedes.createBroker();
  onTestFinished(() => new Promise<void>((resolve) => broker.close(() => resolve())));
  boundEmitterDepth(broker as unknown as { readonly mq: unknown });
  const queue = (broker as unknown as { readonly mq: Queue }).mq;
  const held: (() => void)[] = [];
  const heard: number[] = [];
  let isSlow = true;
  queue.on("t", ({ payload }, done) => {
    heard.push(payload);
    if (isSlow) held.push(done);
    else done();
  });
  const count = 30_000;
  for (let payload = 0; payload < count; payload++) queue.emit({ topic: "t", payload });
  isSlow = false;
  expect(heard.length).toBeLessThan(count);
  for (const done of held.splice(0)) done();
  // Comes last, although there seems to be room again.
  queue.emit({ topic: "t", payload: count });
  for (let turn = 0; turn < 2_000 && heard.length <= count; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(heard).toHaveLength(count + 1);
  expect(heard.every((payload, index) => payload === index)).toBe(true);
});
