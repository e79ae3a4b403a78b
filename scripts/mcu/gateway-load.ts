/**
 * Runs on the CPU under test: frames of some seconds of one channel, from bytes through the data contract, features, student and
 * decision of the gateway's own code, without sockets and record. Arguments: the file of frames, its seconds, its sampling
 * rate, and how many of its seconds are taken: the difference of two runs is what the gateway does with a sample. Prints one
 * JSON object `{digests}`, one a decision: of its features, levels and scores too, to the last bit.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createFrameParser } from "../../firmware-bridge/framing/frame-parser.ts";
import { createSampleBlockReader } from "../../firmware-bridge/messages/device-data.ts";
import { createRawWindowDecoder } from "../../firmware-bridge/messages/raw-window-codec.ts";
import { maxSamplesPerFrame } from "../../firmware-bridge/protocol.ts";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { computeBearingOrders, generatorBearings } from "../../src/core/contract/bundle/bearing-geometry.ts";
import { shareCounts } from "../../src/core/maths/wasm-module.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { serveBundle } from "../../src/core/serving/loaded-bundle.ts";
import type { Pipeline } from "../../src/gateway/points/pipeline.ts";
import { openBenchPipeline } from "../bench/bench-pipeline.ts";
import { benchChannels, benchScale, benchSessionId } from "../bench/bench-stream.ts";

const [made, sampleRateHz, taken] = process.argv.slice(3).map(Number) as [number, number, number];
const channel = benchChannels[0]!;
let nowMs = 0;
const digests: string[] = [];

const pipeline = await openPipeline();
await feed(readFileSync(process.argv[2]!), pipeline);
await pipeline.close();
process.stdout.write(`${JSON.stringify({ digests })}\n`);

async function openPipeline(): Promise<Pipeline> {
  const dir = join(packageRoot(), "models", "bearing-vibration", "1.0.0");
  return openBenchPipeline({
    bundle: await serveBundle(dir, await readBundle(dir), { engine: "integer", logger: silentLogger }),
    bearing: computeBearingOrders(generatorBearings[0]!),
    channel,
    nowMs: () => nowMs,
    onDecision: (decision, scored) => {
      const digest = createHash("sha256").update(JSON.stringify(decision));
      const { features, upperFeatures, levels } = scored?.window ?? {};
      for (const values of [features, upperFeatures, levels, scored?.output.logits])
        if (values !== undefined) digest.update(values);
      digests.push(digest.digest("base64"));
    },
  });
}

/** A second at a time, as reads of a socket would bring it. */
async function feed(bytes: Buffer, { announce, accept, idle }: Pipeline): Promise<void> {
  const channels = [{ name: channel, unit: "g", sampleRateHz, scale: benchScale }];
  const hello = {
    type: "hello",
    protocolMajor: 1,
    protocolMinor: 0,
    deviceId: "mcu",
    firmware: "bench",
    sessionId: benchSessionId,
    channels,
  } as const;
  announce(hello);
  const decoder = createRawWindowDecoder(maxSamplesPerFrame, shareCounts());
  const blocks = createSampleBlockReader();
  const parser = createFrameParser(({ bytes: packet, start, end }) => {
    const message = decoder.decode(packet, start, end);
    if (message === undefined) throw new Error("a frame of the bench holds no raw window");
    nowMs = message.timestampUs / 1000;
    const block = blocks.read(hello, message, { arrivedMs: nowMs, arrivedMonotonicMs: nowMs });
    if (block !== undefined) accept(block);
  });
  parser.bind(benchSessionId);
  for (let second = 0; second < taken; second++) {
    parser.push(
      bytes.subarray(
        Math.floor((second / made) * bytes.length),
        Math.floor(((second + 1) / made) * bytes.length),
      ),
    );
    await idle();
  }
}
