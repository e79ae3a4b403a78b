import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { startBenchDevices } from "../../scripts/bench/bench-devices.ts";
import { type BenchStream, encodeBenchStream } from "../../scripts/bench/bench-stream.ts";
import { scoreStream } from "../../scripts/bench/score-stream.ts";
import { computeBearingOrders, generatorBearings } from "../../src/core/contract/bundle/bearing-geometry.ts";
import { gatewayConfigSchema } from "../../src/core/contract/config/gateway-config-schema.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { startGateway } from "../../src/gateway/compose.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";
import { testBundleName } from "../support/test-bundle.ts";
import { until } from "../support/until.ts";
import { beginCompiledWorker } from "./compiled-worker.ts";
import { createInstallation, runtimeVersion, type StatusPage } from "./installation.ts";

const devices = 4;
const bearing = computeBearingOrders(generatorBearings[0]!);

/** Devices that send `stream` when told, the windows in it, and the file of a gateway with so many workers that knows them. */
async function prepare(workers: number, stream: BenchStream) {
  const installation = await createInstallation();
  const fleet = await startBenchDevices(devices, stream);
  onTestFinished(() => fleet.close());
  const { folder } = installation;
  const bundle = join(folder, "models", testBundleName, "1.0.0");
  const { windows } = await scoreStream(bundle, stream, bearing);
  const path = installation.writeGatewayConfig(
    fleet.addresses.map((connect, index) => ({ id: `${index + 1}`, connect, bearing })),
    { gateway: { id: "gw-1", site: "north", stateDir: `${folder}/gateway`, httpPort: 0, workers } },
  );
  return { fleet, path, windows };
}

type Page = StatusPage & {
  readonly decisionsDigest: string;
  readonly workers: { readonly running: number; readonly ended: number; readonly lostSamples: number };
};

/** The page as soon as it says so. */
async function readWhen(read: () => Promise<Page>, condition: (page: Page) => boolean): Promise<Page> {
  let page = await read();
  await until(
    async () => {
      page = await read();
      return condition(page);
    },
    "what the page should say",
    60_000,
  );
  return page;
}

test("a gateway's process decides the same with and without workers, of the same bytes", async () => {
  const stream = encodeBenchStream(40);
  const pages: Page[] = [];
  for (const workers of [0, 1, 2]) {
    const { fleet, path, windows: expected } = await prepare(workers, stream);
    const gateway = await startGatewayProcess(path);
    onTestFinished(() => gateway.kill());
    await fleet.send(Number.POSITIVE_INFINITY);
    const read = async () => (await gateway.status()) as unknown as Page;
    pages.push(await readWhen(read, ({ windows }) => windows.processed === devices * expected));
    expect(await gateway.read("/metrics")).toContain(`aurora_workers ${workers}\n`);
    await gateway.stop();
  }
  const [alone, ...others] = pages;
  expect(alone?.windows.dropped).toBe(0);
  for (const { decisionsDigest, windows } of others)
    expect({ decisionsDigest, windows }).toEqual({
      decisionsDigest: alone?.decisionsDigest,
      windows: alone?.windows,
    });
  expect(pages.map(({ workers }) => workers)).toEqual(
    [0, 1, 2].map((running) => ({ running, ended: 0, lostSamples: 0 })),
  );
});

test("a gateway goes on when a worker dies amid full speed, and says so", async () => {
  const { fleet, path, windows } = await prepare(2, encodeBenchStream(120));
  const begun: Worker[] = [];
  const errors: string[] = [];
  const gateway = await startGateway({
    config: gatewayConfigSchema().parse(JSON.parse(readFileSync(path, "utf8"))),
    logger: { ...silentLogger, error: (message) => errors.push(message) },
    environment: {},
    runtimeVersion,
    beginWorker: (workerData) => {
      const worker = beginCompiledWorker(workerData);
      begun.push(worker);
      return worker;
    },
  });
  onTestFinished(() => gateway.close());
  const read = async (): Promise<Page> => JSON.parse(await (await fetch(`${gateway.httpUrl}/status`)).text());
  const sent = fleet.send(Number.POSITIVE_INFINITY);
  await until(async () => (await read()).windows.processed > 20, "the first windows", 30_000);
  await begun[0]!.terminate();
  await sent;
  await until(() => begun.length === 3, "another worker", 30_000);
  const isWhole = ({ devices: [first, second, third, fourth], workers }: Page): boolean =>
    // The other worker's devices lose nothing; of these no more is missing than is declared, and a window at either end.
    second?.windows === windows &&
    fourth?.windows === windows &&
    2 * windows - first!.windows - third!.windows <= workers.lostSamples / 12_000 + 4;
  const page = await readWhen(read, isWhole);
  expect(page.workers).toMatchObject({ running: 2, ended: 1 });
  expect(errors).toEqual([
    "a worker ended; it is begun again, and its points go on from what was known of them",
  ]);
  expect(page.windows.dropped).toBe(0);
  expect(Object.keys(page.windows.byReason)).toEqual(["gap"]);
  const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
  expect(metrics).toContain("aurora_workers_ended_total 1\n");
  expect(metrics).toContain(`aurora_workers_lost_samples_total ${page.workers.lostSamples}\n`);
});
