import { describe, expect, test } from "vitest";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createMetrics } from "../../../src/core/platform/metrics.ts";

describe("metrics", () => {
  test("are rendered as Prometheus text with the common prefix", async () => {
    const metrics = createMetrics();
    metrics
      .counter({ name: "windows_total", help: "Windows.", labels: ["outcome"] })
      .add(2, { outcome: "ok" });
    metrics.gauge({ name: "outbox_records", help: "Records." }, () => 7);
    metrics.histogram({ name: "latency_seconds", help: "Latency." }, [0.01, 0.1]).observe(0.05);
    const text = await metrics.render();
    expect(text).toContain('aurora_windows_total{outcome="ok"} 2');
    expect(text).toContain("aurora_outbox_records 7");
    expect(text).toContain('aurora_latency_seconds_bucket{le="0.01"} 0');
    expect(text).toContain('aurora_latency_seconds_bucket{le="0.1"} 1');
    expect(metrics.contentType).toContain("text/plain");
  });

  test("others have their turn while many series are told, in the same order and form as few", async () => {
    const metrics = createMetrics({ maxSeries: 2000 });
    const names = ["component_alarms", "component_health", "component_unheard"];
    for (const name of names) {
      const gauge = metrics.gauge({ name, help: "Of each.", labels: ["turbine", "component"] });
      for (let at = 0; at < 1000; at++) gauge.set(at, { component: "gearbox", turbine: `WT${at}` });
      gauge.set(7, { turbine: "WT3", component: "gearbox" });
    }
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const text = await metrics.render();
    isDone = true;
    expect(turns).toBeGreaterThanOrEqual(2);
    const told = names.map((name) => {
      const lines = Array.from({ length: 1000 }, (_, at) => {
        const value = at === 3 ? 7 : at;
        return `aurora_${name}{turbine="WT${at}",component="gearbox"} ${value}\n`;
      });
      return `# HELP aurora_${name} Of each.\n# TYPE aurora_${name} gauge\n${lines.join("")}`;
    });
    expect(text).toBe(told.join("\n"));
  });

  test("two registries know nothing of each other", async () => {
    const a = createMetrics();
    const b = createMetrics();
    a.counter({ name: "x_total", help: "X." }).add();
    b.counter({ name: "x_total", help: "X." });
    expect(await b.render()).toContain("aurora_x_total 0");
  });

  test("names against the practice are refused", () => {
    const metrics = createMetrics();
    expect(() => metrics.counter({ name: "windows", help: "" })).toThrow(/_total/);
    expect(() => metrics.gauge({ name: "camelCase", help: "" })).toThrow(/snake case/);
    expect(() => metrics.gauge({ name: "aurora_x", help: "" })).toThrow(/prefix/);
    for (const name of ["turbines_count", "bytes_sum", "latency_bucket"])
      expect(() => metrics.gauge({ name, help: "" })).toThrow(/histogram/);
  });

  test("what is not known has no sample, and has one again when it is known", async () => {
    const ofWorker = createMetrics();
    ofWorker.gauge({ name: "pace_bytes", help: "Pace." }, () => null);
    const workers = new Map([["w", await ofWorker.snapshot()]]);
    for (const metrics of [createMetrics(), createMetrics({ workers: () => workers })]) {
      const values = [Number.NaN, null, 3];
      metrics.gauge({ name: "pace_bytes", help: "Pace." }, () => values.shift() ?? null);
      const risk = metrics.gauge({ name: "risk_ratio", help: "Risk.", labels: ["turbine"] });
      risk.set(0.5, { turbine: "a" });
      risk.set(0.5, { turbine: "b" });
      risk.set(null, { turbine: "a" });
      for (const _ of [1, 2]) {
        const text = await metrics.render();
        expect(text).toContain("# TYPE aurora_pace_bytes gauge");
        expect(text).not.toMatch(/^aurora_pace_bytes/m);
        expect(text).not.toContain('turbine="a"');
        expect(text).toContain('aurora_risk_ratio{turbine="b"} 0.5');
      }
      expect(await metrics.render()).toMatch(/^aurora_pace_bytes 3$/m);
    }
  });

  test("a figure that cannot be read takes no other with it, is told of once, and comes back", async () => {
    const told: unknown[] = [];
    const logger = { ...silentLogger, error: (_: string, fields?: object) => void told.push(fields) };
    const metrics = createMetrics({ logger });
    let known = false;
    const read = (): number => {
      if (!known) throw new Error("the record cannot be asked");
      return 2;
    };
    metrics.counter({ name: "messages_total", help: "Messages." }).add(3);
    metrics.counter({ name: "rows_total", help: "Rows." }, read);
    metrics.gauge({ name: "turbines", help: "Turbines." }, async () => read());
    for (const times of [1, 2]) {
      known = false;
      expect(await metrics.render()).toMatch(/^aurora_messages_total 3$/m);
      expect(await metrics.render()).not.toMatch(/^aurora_(turbines|rows_total)/m);
      expect(await metrics.snapshot()).toHaveLength(3);
      expect(told).toHaveLength(2 * times);
      known = true;
      for (const _ of [1, 2]) {
        expect(await metrics.render()).toMatch(/^aurora_turbines 2$/m);
        expect(await metrics.render()).toMatch(/^aurora_rows_total 2$/m);
      }
    }
    expect(told.slice(0, 2)).toMatchObject([{ name: "rows_total" }, { name: "turbines" }]);
  });

  test("a flood of label values ends in one series", async () => {
    const metrics = createMetrics({ maxSeries: 3 });
    const counter = metrics.counter({ name: "frames_total", help: "Frames.", labels: ["device"] });
    for (let index = 0; index < 100; index++) counter.add(1, { device: `d${index}` });
    const lines = (await metrics.render())
      .split("\n")
      .filter((line) => line.startsWith("aurora_frames_total{"));
    expect(lines).toHaveLength(4);
    expect(lines).toContain('aurora_frames_total{device="other"} 97');
  });

  test("the figures of the process, or of its thread alone, are there when asked for", async () => {
    expect(await createMetrics({ defaults: "process" }).render()).toContain(
      "aurora_process_resident_memory_bytes",
    );
    const ofThread = await createMetrics({ defaults: "thread" }).render();
    expect(ofThread).toContain("aurora_nodejs_eventloop_lag_seconds");
    expect(ofThread).not.toContain("aurora_process_");
  });
});
