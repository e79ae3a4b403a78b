import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take longest, longest first: whoever begins one last keeps all others waiting. */
const longest = [
  "cli/demo",
  "cli/main",
  "gateway/update",
  "mcu/firmware",
  "browser/page",
  "gateway/damage",
  "gateway/edge-device",
  "mcu/features",
  "mcu/student",
  "gateway/outage",
  "gateway/swap",
  "training/resume",
  "training/gate/verdict",
  "gateway/shipped-bundle",
  "simulate/turbine-simulation",
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
      const place = longest.findIndex((name) => file.moduleId.endsWith(`/test/${name}.test.ts`));
      return (file.project.config.isolate ? 0 : 1000) + (place < 0 ? longest.length : place);
    };
    return bySize.toSorted((one, other) => rank(one) - rank(other));
  }
}
