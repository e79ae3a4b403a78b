import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  createReportedWorker,
  type StoringPart,
  sendReports,
  viewAll,
} from "../../src/collector/worker-report.ts";
import { systemClock } from "../../src/core/platform/clock.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics } from "../../src/core/platform/metrics.ts";

/** The first report of a worker in such a state. */
async function reportOf(
  connected: boolean,
  unstored: StoringPart["unstored"],
  faults: Partial<Pick<StoringPart, "evidenceFault" | "refusedFilters" | "brokerLostMs">> = {},
): Promise<object> {
  const metrics = createMetrics();
  metrics.counter({ name: "stored_total", help: "Stored" }).add(3);
  return new Promise((resolve) => {
    const well = { brokerLostMs: null, evidenceFault: null, refusedFilters: [] };
    const part = { connected, unstored, ...well, ...faults };
    const stop = sendReports(part, metrics, {
      logger: silentLogger,
      send: (report) => {
        stop();
        resolve(structuredClone(report));
      },
    });
  });
}

describe("the view of workers", () => {
  it("says how many are ready, and first of all when what gateways send cannot be stored", async () => {
    const workers = [createReportedWorker(), createReportedWorker()];
    const { notReady } = viewAll(workers);
    expect(notReady()).toBe("0 of 2 workers are ready; the log says why");
    workers[0]!.take(await reportOf(true, null));
    expect(notReady()).toBe("1 of 2 workers are ready; the log says why");
    workers[1]!.take(await reportOf(true, null));
    expect(notReady()).toBeNull();
    workers[0]!.take(await reportOf(false, "all"));
    expect(notReady()).toBe("what gateways send cannot be stored; see the log");
    workers[0]!.forget();
    expect(notReady()).toBe("1 of 2 workers are ready; the log says why");
    expect(viewAll([]).notReady()).toBeNull();
  });

  it("says since when none of them has a connection to the broker, and nothing where others elsewhere may have one", async () => {
    const workers = [createReportedWorker(), createReportedWorker()];
    const { brokerLostMs } = viewAll(workers);
    workers[0]!.take(await reportOf(false, null, { brokerLostMs: 10 }));
    expect(brokerLostMs()).toBeNull();
    workers[1]!.take(await reportOf(false, null, { brokerLostMs: 30 }));
    expect(brokerLostMs()).toBe(30);
    // Connected to a broker that refuses the lanes.
    workers[0]!.take(await reportOf(false, null));
    expect(brokerLostMs()).toBeNull();
    expect(viewAll([]).brokerLostMs()).toBeNull();
  });

  it("takes no word for the broker's loss from a worker that has been silent since", async () => {
    const worker = createReportedWorker();
    const { notReady, brokerLostMs } = viewAll([worker]);
    worker.take(await reportOf(false, null, { brokerLostMs: 10 }));
    expect(brokerLostMs()).toBe(10);
    const later = vi.spyOn(systemClock, "monotonicMs").mockReturnValue(systemClock.monotonicMs() + 15_000);
    onTestFinished(() => later.mockRestore());
    expect(notReady()).not.toBeNull();
    expect(brokerLostMs()).toBeNull();
  });

  it("says why raw evidence waits as long as one of them says so", async () => {
    const workers = [createReportedWorker(), createReportedWorker()];
    const { notReady, impairment } = viewAll(workers);
    expect(impairment()).toBeNull();
    workers[0]!.take(await reportOf(true, null));
    workers[1]!.take(await reportOf(true, null, { evidenceFault: "no bucket is there" }));
    expect(notReady()).toBeNull();
    expect(impairment()).toBe("raw evidence waits at its gateways: no bucket is there");
    workers[1]!.take(await reportOf(true, null));
    expect(impairment()).toBeNull();
  });

  it("is ready, and says so, where the others alone cannot be stored", async () => {
    const worker = createReportedWorker();
    const { notReady, impairment } = viewAll([worker]);
    worker.take(await reportOf(true, "others"));
    expect(notReady()).toBeNull();
    expect(impairment()).toBe("predictions, drift and raw samples cannot be stored; gateways keep them");
  });

  it("says what the broker refuses, beside what else goes wrong", async () => {
    const worker = createReportedWorker();
    const { notReady, impairment } = viewAll([worker]);
    worker.take(await reportOf(true, null, { refusedFilters: ["a/+", "b"], evidenceFault: "no bucket" }));
    expect(notReady()).toBeNull();
    expect(impairment()).toBe("the broker refuses a/+, b; raw evidence waits at its gateways: no bucket");
  });

  it("shows what each has counted by its number, and passes over what is no report", async () => {
    const workers = [createReportedWorker(), createReportedWorker()];
    const { snapshots } = viewAll(workers);
    for (const message of [null, "worker", 7, { type: "ready" }]) workers[1]!.take(message);
    expect(snapshots().size).toBe(0);
    workers[1]!.take(await reportOf(true, null));
    expect(await createMetrics({ workers: snapshots }).render()).toContain(
      'aurora_stored_total{worker="2"} 3',
    );
    workers[1]!.forget();
    expect(snapshots().size).toBe(0);
  });
});
