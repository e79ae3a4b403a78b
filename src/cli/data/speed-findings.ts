/** Whether the stated speed of a machine is where the lines of its shaft stand, over its recordings together; by the rule of `aurora score`. */
import { groupBy } from "../../core/maths/group-by.ts";
import { openSampleFile } from "../../training/dataset/samples/sample-file.ts";
import { findShaftElsewhere, heardRecordings } from "../score/recordings/speed-doubts.ts";
import type { Finding } from "./finding.ts";
import type { MeasuredRecording } from "./measure-recording.ts";

/** A doubt a machine, component and stated speed; none of a speed that a channel states. */
export async function findInSpeeds(recordings: readonly MeasuredRecording[]): Promise<Finding[]> {
  const constant = recordings.filter(({ resolved }) => resolved.speed === null);
  const groups = groupBy(constant, ({ resolved: { entry } }) => {
    return [entry.machine, entry.component, entry.sampleRateHz, entry.shaftRpm].join("\n");
  });
  const findings: Finding[] = [];
  for (const own of groups.values()) {
    const { entry, where } = own[0]!.resolved;
    const heard = own.slice(0, heardRecordings);
    const files = await Promise.all(
      heard.map(({ resolved: { path, place } }) => openSampleFile(path, place)),
    );
    const { sampleRateHz: rateHz, shaftRpm, machine } = entry;
    const doubt = await findShaftElsewhere(files, { rateHz, shaftRpm });
    if (doubt === null) continue;
    findings.push({
      severity: "warning",
      check: "speed",
      where,
      file: entry.file,
      message: `machine ${machine}: ${doubt}`,
      cure: `check rpm, and rateHz (${rateHz}): faults are looked for by them, and another is named where they are wrong; if another machine that turns so is what is heard, nothing is wrong`,
    });
  }
  return findings;
}
