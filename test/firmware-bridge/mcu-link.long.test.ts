import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { createFrameEncoder, maxFrameBytesOnWire } from "../../firmware-bridge/framing/frame-encoder.ts";
import { linkTiming } from "../../firmware-bridge/link-timing.ts";
import { hasProgram } from "../../scripts/mcu/toolchain.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { until } from "../support/until.ts";
import { createMcuWorkshop, hasCompiler, type RunningBoard } from "./mcu-host.ts";

const golden = new URL("../golden/device/", import.meta.url);

describe.skipIf(!hasCompiler)("the firmware's link (needs a C compiler)", () => {
  const workshop = createMcuWorkshop();
  afterAll(() => workshop.close());
  const tool = workshop.build("link-tool");

  /** Asks the C side line by line. */
  function ask(lines: readonly string[]): string[] {
    const run = spawnSync(tool, { input: lines.join("\n") + "\n", encoding: "utf8", maxBuffer: 2 ** 28 });
    expect(run.status, run.stderr).toBe(0);
    return run.stdout.split("\n").slice(0, -1);
  }

  test("CRC-32 has its published check value", () => {
    expect(ask([`crc ${Buffer.from("123456789").toString("hex")}`])).toEqual(["cbf43926"]);
  });

  test.each(readdirSync(golden))("%s is framed and understood as the document says", (file) => {
    const text = readFileSync(new URL(file, golden), "utf8");
    const hex = (name: string): string =>
      new RegExp(`^${name}: +(.*)$`, "m").exec(text)![1]!.replaceAll(" ", "");
    const session = Buffer.alloc(4);
    session.writeUInt32LE(text.includes("\nsession:") ? Number(/^session: +(.*)$/m.exec(text)![1]) : 0);
    const [, wire, packet, fields] = ask([
      `session ${session.toString("hex")}`,
      `wire ${hex("wire")}`,
      `packet ${hex("packet")}`,
      `fields ${hex("packet").slice(8)}`,
    ]);
    expect(wire).toBe(`${hex("packet")} 0 0`);
    // A small device sends at most 246 bytes of payload.
    expect(packet).toBe(hex("packet").length <= 500 ? hex("wire") : "too long");
    expect(fields).not.toBe("invalid");
  });

  test("a Config's fields are read", () => {
    expect(ask(["fields 08011501eeffc01a0161f80105"])).toEqual([`1=1 2=${0xc0ffee01} 3=61 `]);
  });

  test("both ends frame alike, and both refuse what is damaged", () => {
    const encoder = createFrameEncoder();
    const lines: string[] = [];
    const expected: string[] = [];
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 246 }),
        fc.integer({ min: 0, max: 0xffff }),
        fc.nat(),
        (payload, sequence, damage) => {
          // Zeros are what COBS is about.
          for (let i = 0; i < payload.length; i++) if (payload[i]! < 64) payload[i] = 0;
          encoder.payload.set(payload);
          const wire = Buffer.alloc(maxFrameBytesOnWire);
          const end = encoder.encode(5, 0, sequence, payload.length, wire, 0);
          const packet = Buffer.concat([Buffer.from([0x25, 0, sequence & 255, sequence >> 8]), payload]);
          lines.push(`packet ${packet.toString("hex")}`, `wire ${wire.toString("hex", 0, end)}`);
          expected.push(wire.toString("hex", 0, end), packet.toString("hex"));
          const at = 1 + (damage % (end - 2));
          wire[at] = wire[at]! ^ (1 + (damage % 255));
          lines.push(`wire ${wire.toString("hex", 0, end)}`);
          expected.push("damaged");
        },
      ),
      { numRuns: 2000, seed: 5 },
    );
    const answers = ask(lines);
    expected.forEach((text, i) => {
      if (text === "damaged") expect(answers[i]!.split(" ").length, answers[i]).toBe(2);
      else if (lines[i]!.startsWith("wire")) expect(answers[i]!.split(" ")[0]).toBe(text);
      else expect(answers[i]).toBe(text);
    });
  });

  test("samples stay right past the index 2^32, the mean speed of a window of millions of samples, and Hellos within their bounds, alone, past a wrap of the clock and with an echo", () => {
    const run = spawnSync(workshop.build("long-run"), { encoding: "utf8" });
    expect(run.status, run.stdout + run.stderr).toBe(0);
    const counts: Record<string, number> = JSON.parse(run.stdout);
    expect(counts.samples).toBeGreaterThan(5000);
    expect(counts.slowShaftOff).toBeLessThan(1e-6);
    expect(counts).toMatchObject({ wrongSamples: 0, longestHelloWaitMs: linkTiming.helloMaxMs });
  });

  test("whatever a carrier of whole messages loses, repeats or brings of others, what is taken was sent, once and in order, and a lost byte makes it deaf for no longer than its silence", () => {
    const run = spawnSync(workshop.build("hostile-messages"), ["1200"], { encoding: "utf8" });
    expect(JSON.parse(run.stdout), run.stdout).toMatchObject({ violations: 0 });
    expect(run.status, run.stderr).toBe(0);
  });

  test.each(["tcp", "serial"] as const)(
    "samples arrive at a gateway over %s, in order and unchanged",
    async (kind) => {
      const random = createRandom(3);
      const counts = Int16Array.from({ length: 12_000 }, () => random.uniform() * 65_536 - 32_768);
      const options = { deviceId: "bearing-7", sampleRateHz: 12_000, scale: 0.0005, shaftRpm: 1797, counts };
      const board = await workshop.start("host", options, kind);
      const heard = await workshop.listenTo(board);
      await heard.until(() => (heard.samples.get(0)?.size ?? 0) >= 3000);
      expect(heard.hellos[0]).toMatchObject({
        deviceId: "bearing-7",
        channels: [{ name: "vibration", unit: "g", sampleRateHz: 12_000, scale: 0.0005 }],
      });
      for (const [index, count] of heard.samples.get(0)!) expect(count).toBe(counts[index % counts.length]);
      expect(heard.problems).toEqual([]);
      expect(heard.session.statistics.badFrames).toBe(0);

      // A gateway that comes again is introduced to the same session.
      await heard.session.close();
      const again = await workshop.listenTo(board);
      await again.until(() => (again.samples.get(0)?.size ?? 0) >= 500);
      expect(again.hellos[0]!.sessionId).toBe(heard.hellos[0]!.sessionId);
      for (const [index, count] of again.samples.get(0)!) expect(count).toBe(counts[index % counts.length]);
      await again.session.close();
    },
  );

  test.skipIf(!hasProgram("socat"))(
    "a device that is pulled out in mid-stream and comes back as another terminal goes on in its session (needs socat)",
    async () => {
      const counts = Int16Array.from({ length: 12_000 }, (_, index) => (index * 7919) % 65_536);
      const options = { deviceId: "bearing-7", sampleRateHz: 4_000, scale: 1, shaftRpm: 1797, counts };
      const board = await workshop.start("host", options);
      const stable = join(workshop.folder, "by-id");
      const first = await plugIn(board, "tty-first", stable);
      const heard = await workshop.listenTo({ ...board, address: stable });
      const newest = (): number => Math.max(-1, ...(heard.samples.get(0)?.keys() ?? []));
      await heard.until(() => (heard.samples.get(0)?.size ?? 0) >= 2_000);
      const before = newest();

      const second = await plugIn(board, "tty-second", stable);
      expect(second.terminal).not.toBe(first.terminal);
      await first.pull();
      // A second without a single sample would be a gap of 4,000; the handshake takes a fraction of it.
      await heard.until(() => newest() >= before + 4_000);
      for (const [index, count] of heard.samples.get(0)!) expect(count).toBe(counts[index % counts.length]);
      expect(new Set(heard.hellos.map(({ sessionId }) => sessionId)).size).toBe(1);
      expect(heard.session.statistics.reconnects).toBeGreaterThan(0);
      expect(heard.problems).toEqual([]);
      await heard.session.close();
      await second.pull();
      await board.stop();
    },
  );

  /** An adapter between a board and a terminal, which `stable` then leads to, as names in /dev/serial/by-id do. */
  async function plugIn(
    board: RunningBoard,
    name: string,
    stable: string,
  ): Promise<{ terminal: string; pull(): Promise<void> }> {
    const link = join(workshop.folder, name);
    const address = board.address.replace("tcp://", "TCP:");
    const adapter = spawn("socat", [`PTY,link=${link},raw,echo=0`, address], { stdio: "ignore" });
    await until(() => existsSync(link), "a terminal");
    rmSync(stable, { force: true });
    symlinkSync(realpathSync(link), stable);
    return {
      terminal: realpathSync(link),
      pull: async () => {
        const ended = once(adapter, "exit");
        adapter.kill();
        await ended;
      },
    };
  }
});
