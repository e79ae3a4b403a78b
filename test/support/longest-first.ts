import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take longest, longest first: whoever begins one last keeps all others waiting. */
const longest = [
  "long/demo-drift",
  "long/guide",
  "long/own-tables",
  "long/evidence-workers",
  "long/firmware",
  "long/healthy-devices",
  "long/lost-pieces",
  "long/postgres-record",
  "long/ingest-workers",
  "long/mcu-cost",
  "long/score-large-files",
  "long/restarting-device",
  "long/training-resume",
  "cli/demo",
  "browser/page",
  "cli/main",
  "gateway/update",
  "training/train",
  "browser/drift",
  "simulate/turbine-simulation",
  "evidence/bucket-store",
  "gateway/shipped-bundle",
  "collector/page-thread",
  "gateway/operation",
  "updates/attacks",
  "updates/updater",
  "evidence/upload",
  "record/brokers",
  "gateway/evidence",
  "training/report/report",
  "updates/transfer",
  "gateway/full-disk",
  "mcu/student",
  "mcu/features",
  "cli/evidence/command",
  "gateway/edge-device",
  "doctor/way-to-collector",
  "judge/policy-runs",
  "cli/score/commands",
  "cli/drift/command",
  "cli/score/replay/command",
  "firmware-bridge/mcu-link",
  "cli/score/tables/command",
  "registry/registry",
  "updates/prover",
  "firmware-bridge/mcu-slots",
  "gateway/bad-input",
];

/** Orders a run: the longest files first. What is not known to be long goes by size, as is the default. */
export class LongestFirst extends BaseSequencer {
  /** Called by vitest with all files of a run. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const path = moduleId.replace(/(\.long)?\.test\.ts$/, "");
      const place = longest.findIndex((name) => path.endsWith(`/${name}`));
      return place < 0 ? longest.length : place;
    };
    return bySize.toSorted((one, other) => rank(one) - rank(other));
  }
}
