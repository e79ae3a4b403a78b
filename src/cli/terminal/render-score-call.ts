/** How to score a recording that lies in a file, with its description beside it. */
import type { RecordingAbout } from "../../core/contract/device/device-capture.ts";

/** The call, and the flags that it needs because the description does not say it. */
export function renderScoreCall(out: string, { shaftRpm, bearing }: RecordingAbout): string {
  const missing = [
    ...(shaftRpm === undefined ? ["--shaft-rpm"] : []),
    ...(bearing === undefined ? ["--bearing"] : []),
  ];
  const more = missing.length === 0 ? "" : ` (needs ${missing.join(" and ")})`;
  return `\`aurora score BUNDLE --input ${out} --out FILE.csv\`${more}`;
}
