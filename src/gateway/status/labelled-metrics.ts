/** Gauges by labels, and counters by a label of what is counted elsewhere. Counts nothing itself. */
import type { Metrics } from "../../core/platform/metrics.ts";

/** Adds gauges that all have these labels; `more` are those that one has beside them. */
export function gaugesBy(
  metrics: Metrics,
  ...labels: readonly string[]
): (name: string, help: string, ...more: readonly string[]) => ReturnType<Metrics["gauge"]> {
  return (name, help, ...more) => metrics.gauge({ name, help, labels: [...labels, ...more] });
}

/** Brings the counter of one value of its label up to a count, which never falls. */
type ShowCount = (value: string, count: number) => void;

/** Adds counters that all have this label. */
export function countersBy(metrics: Metrics, label: string): (name: string, help: string) => ShowCount {
  return (name, help) => {
    const counter = metrics.counter({ name, help, labels: [label] });
    const shown = new Map<string, number>();
    return (value, count) => {
      counter.add(count - (shown.get(value) ?? 0), { [label]: value });
      shown.set(value, count);
    };
  };
}
