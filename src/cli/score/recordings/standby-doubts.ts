/** Doubts about shafts that a gateway with its defaults would not hear, and the shortest configuration of one, which says those defaults. */
import { gatewayConfigSchema } from "../../../core/contract/config/gateway-config-schema.ts";
import type { FileDescription } from "../../../training/dataset/sidecar/sidecar.ts";
import { formatRpm } from "./speed-doubts.ts";

/** A recording of a point, or of a file. */
interface DescribedRecording {
  readonly point: string;
  readonly description: FileDescription;
}

/** Points whose shaft is so slow that a gateway with its defaults would take the turbine to stand by, as of a speed in hertz, unless it was told in them. */
export function listStandbyDoubts(recordings: readonly DescribedRecording[]): readonly string[] {
  const standbyBelowRpm = usualStandbyRpm();
  return [...new Set(recordings.map(({ point }) => point))].flatMap((point) => {
    const own = recordings.filter((recording) => recording.point === point);
    const fastest = Math.max(...own.map(({ description }) => description.sidecar.shaftRpm));
    if (fastest >= standbyBelowRpm) return [];
    const isFromHz = own.every(({ description }) => description.sidecar.speed?.isFromHz === true);
    const cure = isFromHz
      ? "; a shaft that is as slow"
      : `: is that the speed in Hz (${Math.round(60 * fastest)} rpm)? A shaft that is as slow`;
    return [
      `${point}: at ${formatRpm(fastest)} rpm a gateway with its defaults takes the turbine to stand by and decides nothing${cure} needs a lower operation.standbyBelowRpm`,
    ];
  });
}

/** Shaft speed below which a gateway that is told nothing else takes its turbine to stand by, rpm. */
function usualStandbyRpm(): number {
  return gatewayConfigSchema().parse(describeShortGateway()).operation.standbyBelowRpm;
}

/** As short as a configuration can be. */
export function describeShortGateway(): Readonly<Record<string, unknown>> {
  const bearing = { bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4 };
  const point = { component: "replay", bundle: "replay", device: "file", channel: "file", bearing };
  return {
    gateway: { id: "replay", site: "replay" },
    devices: [{ id: "file", connect: "mqtt" }],
    turbines: [{ id: "replay", points: [point] }],
  };
}
