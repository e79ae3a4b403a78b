/** A logger that was cut off while its gateway started anew, and sends its last day once more. */
import { expect, test } from "vitest";
import type { ScadaWatch } from "../../../../src/gateway/points/scada-watch.ts";
import { createScadaBundle, createScadaSite, startMs } from "./scada-site.ts";

const hourMs = 3_600_000;
const hoursTo = (end: number): number[] => Array.from({ length: end }, (_, hour) => hour);

/** The watch of readings that all come at that hour. */
function arrivingAt(watch: ScadaWatch, hour: number): ScadaWatch {
  const arrivedMs = startMs + hour * hourMs;
  return { ...watch, accept: (reading) => watch.accept({ ...reading, arrivedMs }) };
}

test("rows that the last run has lived through are taken once; those that it never took are taken", async () => {
  const [plain, again] = [createScadaSite(), createScadaSite()];
  const bundle = createScadaBundle("1.0.0", { siteCorrection: { ridge: 0.01, minRows: 1000 } });
  await plain.play(plain.start(bundle), 0, 40);
  const first = again.start(bundle);
  await again.play(first, 0, 30);
  await first.close();
  const second = again.start(bundle);
  await again.play(arrivingAt(second, 32), 6, 32);
  await again.play(second, 32, 40);
  await second.close();
  const hoursOf = ({ rows }: typeof again): number[] =>
    rows.flatMap(({ turbine, judged }) => (turbine === "T1" ? [(judged.row.fromMs - startMs) / hourMs] : []));
  expect(hoursOf(again)).toEqual(hoursTo(38));
  expect(again.rows.map(({ judged }) => judged.row)).toEqual(plain.rows.map(({ judged }) => judged.row));
  const { learning } = JSON.parse(again.state.get("scada-turbine/T1") ?? "").watch;
  expect(learning.rows).toBe(38);
});

test("what was dated by a clock that was ahead hides no row from a later run", async () => {
  const site = createScadaSite();
  const bundle = createScadaBundle();
  const first = site.start(bundle);
  await site.play(first, 0, 30);
  await site.play(first, 9600, 9603);
  await first.close();
  const taken = site.rows.length;
  await site.play(site.start(bundle), 30, 40);
  expect(site.rows.length - taken).toBe(2 * 8);
});

test("a state that was written while a bulk was decided hides none of its rows that were not taken", async () => {
  const [plain, killed] = [createScadaSite(), createScadaSite()];
  const bundle = createScadaBundle("1.0.0", { siteCorrection: { ridge: 0.01, minRows: 1000 } });
  await plain.play(plain.start(bundle), 0, 40);
  const { state, rows } = killed;
  const disk = { ...state };
  const takenBefore = 10;
  const isKilled = (): boolean => rows.length > 2 * takenBefore;
  Object.assign(state, {
    set: (key: string, text: string) => isKilled() || disk.set(key, text),
    setAll: (entries: Record<string, string>) => isKilled() || disk.setAll(entries),
  });
  await killed.play(killed.start(bundle), 0, 30);
  Object.assign(state, disk);
  rows.length = 0;
  const second = killed.start(bundle);
  await killed.play(arrivingAt(second, 32), 0, 32);
  await killed.play(second, 32, 40);
  await second.close();
  const rowsOf = (site: typeof plain) =>
    site.rows.flatMap(({ turbine, judged }) => (turbine === "T1" ? [judged.row] : []));
  expect(rowsOf(killed)).toEqual(rowsOf(plain).slice(takenBefore));
  expect(JSON.parse(state.get("scada-turbine/T1") ?? "").watch.learning.rows).toBe(38);
});

test("what was dated by a clock that was ahead is forgotten with the rows of a bulk that were cut before that was known", async () => {
  const site = createScadaSite();
  const watch = site.start(createScadaBundle());
  await site.play(watch, 0, 30);
  await site.play(watch, 9600, 9603);
  await site.play(watch, 30, 73);
  const { memory } = JSON.parse(site.state.get("scada-turbine/T1") ?? "");
  expect(memory.filter((entry: [string, number, number]) => entry[2] > startMs + 73 * hourMs)).toEqual([]);
});
