/** Whether the stated speed of a machine is where the lines of its shaft stand, over its recordings together; by the rule of `aurora score`. */
import { groupBy } from "../../core/maths/group-by.ts";
import { openSampleFile } from "../../training/dataset/samples/sample-file.ts";
import { findShaftElsewhere, heardRecordings } from "../score/recordings/speed-doubts.ts";
import type { Finding } from "./finding.ts";
import type { MeasuredRecording } from "./measure-recording.ts";

/** Doubts of a machine's component, of each of its stated speeds, else of all together; none of a speed that a channel states. */
export async function findInSpeeds(recordings: readonly MeasuredRecording[]): Promise<Finding[]> {
  const constant = recordings.filter(({ resolved }) => resolved.speed === null);
  const groups = groupBy(constant, ({ resolved: { entry } }) => {
    return [entry.machine, entry.component, entry.sampleRateHz].join("\n");
  });
  const findings: Finding[] = [];
  for (const own of groups.values()) {
    const speeds = groupBy(own, ({ resolved: { entry } }) => `${entry.shaftRpm}`);
    const found = await findInGroups([...speeds.values()]);
    const isAsked = found.length > 0 || speeds.size === 1;
    findings.push(...(isAsked ? found : await findInGroups([own])));
  }
  return findings;
}

async function findInGroups(groups: readonly (readonly MeasuredRecording[])[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const own of groups) {
    const { entry, where } = own[0]!.resolved;
    const { sampleRateHz: rateHz, machine } = entry;
    const heard = await Promise.all(
      own.slice(0, heardRecordings).map(async ({ resolved: each }) => {
        return { file: await openSampleFile(each.path, each.place), shaftRpm: each.entry.shaftRpm };
      }),
    );
    const doubt = await findShaftElsewhere(heard, rateHz);
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
