/** What a source says of a server that tells its values more rarely than it is read, or has no room to watch them. */
import { expect, test } from "vitest";
import { until } from "../../support/until.ts";
import { everyMs, power, signEveryMs, startOpcUaSource } from "./start-opcua-source.ts";

test("a server that looks at variables more rarely than they are read is told of, a turbine and a sentence, until it looks as often", async () => {
  const channels = [power, { ...power, name: "other", node: "ns=2;s=O" }];
  const { sessions, source, tell, waitWithSigns, lines } = await startOpcUaSource({
    more: { turbines: [{ turbine: "T1", channels }] },
  });
  sessions[0]!.onWatched(0, everyMs);
  tell(2000);
  await waitWithSigns();
  expect(source.describe().faults.map(({ code }) => code)).not.toContain("slow-poll");
  sessions[0]!.onWatched(0, 20_000);
  sessions[0]!.onWatched(1, 60_250);
  for (let beat = 0; beat < 3; beat++) await waitWithSigns();
  expect(source.describe().faults).toContainEqual({
    code: "slow-poll",
    turbine: "T1",
    subject: "sampling",
    detail:
      "the server tells other (ns=2;s=O) and 1 more every 60.3 s at most, longer than everySeconds (10)",
    cure: expect.stringMatching(/raise everySeconds/),
  });
  expect(lines.filter((line) => line.includes("60.3 s at most"))).toHaveLength(1);
  for (const index of [0, 1]) sessions[0]!.onWatched(index, everyMs);
  await waitWithSigns();
  expect(source.describe().faults.map(({ code }) => code)).not.toContain("slow-poll");
});

test("what the server has no room to watch is told once each time that it is read, and never again", async () => {
  let answer = (): void => {};
  let polls = 0;
  const poll = (): Promise<void> => {
    polls++;
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
  const { clock, sessions, readings, bad, source, faults, waitWithSigns } = await startOpcUaSource({
    open: async () => ({ signEveryMs, retry: async () => {}, poll }),
  });
  const read = (value: number): void =>
    sessions[0]!.onPolled(0, { value, dataType: 11, status: 0, statusName: "Good" });
  read(1000);
  await waitWithSigns();
  clock.advance(3_000);
  read(2000);
  expect(readings.map(({ value, arrivedMs }) => [value, clock.nowMs() - arrivedMs])).toEqual([
    [1, 13_000],
    [2, 0],
  ]);
  // No answer comes of the next one: what was read before is not told on as if it were new.
  for (let slow = 0; slow < 3; slow++) {
    answer();
    for (let beat = 0; beat < 3; beat++) await waitWithSigns();
  }
  expect([readings.length, bad.length]).toEqual([2, 0]);
  expect(polls).toBe(4);
  answer();
  await until(() => faults().length > 0, "it is told");
  expect(source.describe().faults).toMatchObject([{ code: "slow-poll", turbine: null, subject: "poll" }]);
  sessions[0]!.onRefused(0, "it cannot be read: BadTimeout");
  await waitWithSigns();
  expect(bad.map(({ detail }) => detail)).toEqual(["power (ns=2;s=P): it cannot be read: BadTimeout"]);
});

test("a session whose polls break is lost by that", async () => {
  const { faults, closed, waitWithSigns } = await startOpcUaSource({
    open: async () => ({
      signEveryMs,
      retry: async () => {},
      poll: () => Promise.reject(new Error("no session any more")),
    }),
  });
  await waitWithSigns();
  await until(() => closed.length === 1, "its end");
  expect(faults()).toContain("no session any more");
});

test.each(["a session that is lost", "a source that is closed"])(
  "what %s answers late is no reading, and no pace",
  async (what) => {
    let answer = (): void => {};
    const poll = (): Promise<void> =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const { clock, sessions, source, readings, bad, lines, waitWithSigns } = await startOpcUaSource({
      open: async () => ({ signEveryMs, retry: async () => {}, poll }),
    });
    for (let beat = 0; beat < 4; beat++) await waitWithSigns();
    const [session] = sessions;
    if (what === "a source that is closed") await source.close();
    else session!.onLost("gone");
    clock.advance(10 * everyMs);
    session!.onPolled(0, { value: 1000, dataType: 11, status: 0, statusName: "Good" });
    const linesBefore = lines.length;
    answer();
    await new Promise((resolve) => setImmediate(resolve));
    expect(readings).toEqual([]);
    expect(bad.filter(({ detail }) => !detail.includes("not told a value yet"))).toEqual([]);
    expect(lines.slice(linesBefore).filter((line) => line.includes("no room to watch"))).toEqual([]);
  },
);

test("a node that was read and is watched from now on is spoken of before its first value", async () => {
  const { sessions, readings, bad, waitWithSigns } = await startOpcUaSource();
  sessions[0]!.onPolled(0, { value: 1000, dataType: 11, status: 0, statusName: "Good" });
  await waitWithSigns();
  expect([readings.length, bad.length]).toEqual([1, 0]);
  sessions[0]!.onWatched(0, everyMs);
  await waitWithSigns();
  expect([readings.length, bad.map(({ detail }) => detail)]).toEqual([
    1,
    ["power (ns=2;s=P): the server has not told a value yet"],
  ]);
});
