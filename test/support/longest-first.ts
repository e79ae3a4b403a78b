import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take longest, longest first: whoever begins one last keeps all others waiting. */
const longest = [
  "cli/demo",
  "cli/main",
  "mcu/firmware",
  "browser/page",
  "browser/drift",
  "mcu/student",
  "mcu/features",
  "training/train",
  "collector/ingest-workers",
  "gateway/full-disk",
  "postgres/postgres-record",
  "cli/score/commands",
  "cli/drift/command",
  "cli/score/replay/command",
  "gateway/shipped-bundle",
  "simulate/turbine-simulation",
  "firmware-bridge/mcu-link",
  "cli/score/tables/command",
  "training/report/report",
  "fleet/drift-job-killed",
  "gateway/update",
  "updates/attacks",
  "gateway/damage",
  "gateway/operation",
  "record/brokers",
  "registry/registry",
  "bearing/no-teacher",
  "updates/updater",
  "judge/policy-runs",
  "updates/transfer",
  "updates/prover",
  "gateway/edge-device",
  "firmware-bridge/mcu-slots",
  "gateway/bad-input",
];

/**
 * Orders a run: files with a process of their own first, so that those that share one keep it to the end, and of each
 * kind the longest first. What is not known to be long goes by size, as is the default.
 */
export class LongestFirst extends BaseSequencer {
  /** Called by vitest with all files of a run. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files);
    const rank = (file: TestSpecification): number => {
      const place = longest.findIndex((name) => file.moduleId.endsWith(`/${name}.test.ts`));
      return (file.project.config.isolate ? 0 : 1000) + (place < 0 ? longest.length : place);
    };
    return bySize.toSorted((one, other) => rank(one) - rank(other));
  }
}
