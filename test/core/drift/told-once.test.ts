import { expect, it } from "vitest";
import { createColumnsTask, createRows, summariseRows } from "../../../scripts/drift/correlated-days.ts";
import { assessDay } from "../../../src/core/drift/assess-day.ts";
import { beginSiteReference, type SiteReference } from "../../../src/core/drift/site-reference.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

/** As it was learnt, with the days that were heard since. */
function keepLearnt(learnt: SiteReference, now: SiteReference): SiteReference {
  const columns = learnt.columns.map((column, at) => ({ ...column, recent: now.columns[at]!.recent }));
  return { ...learnt, lastMs: now.lastMs, columns };
}

it("calls columns that move together no drift because a day was told of some of them", () => {
  const task = createColumnsTask(8, 28);
  const next = createRows(createRandom(7_000_027), { columns: 8, rho: 0.5, common: 0.9 });
  let reference = beginSiteReference();
  for (let day = 0; day < 28; day++) {
    reference = assessDay(task, reference, summariseRows(task, day, { next })).reference;
  }
  const learnt = reference;
  const levels = Array.from({ length: 30 }, (_, late) => {
    const assessed = assessDay(task, reference, summariseRows(task, 28 + late, { next }));
    reference = keepLearnt(learnt, assessed.reference);
    return assessed.verdict.level;
  });
  expect(levels).toContain("warning");
  expect(levels).not.toContain("drift");
});
