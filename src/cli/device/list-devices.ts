/** What devices there are: serial ports of this machine, and what a configuration and its running gateway know. */
import { z } from "zod";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { deviceDiagnosisSchema } from "../../core/contract/device/device-diagnosis.ts";
import type { WholeGatewayPage } from "../../core/contract/gateway-page.ts";
import type { ShapeOf } from "../../core/contract/shape-of.ts";
import { printableLine } from "../../core/platform/printable.ts";
import { askStatus, findGatewayAddress, type GatewayAddress } from "../ask/ask-gateway.ts";
import { findStablePorts } from "./stable-ports.ts";

interface SerialPortEntry {
  /** Stable name where the system has one (`/dev/serial/by-id/…`), else the port's path. */
  readonly connect: string;
  readonly path: string;
  readonly manufacturer: string | null;
  readonly serialNumber: string | null;
  /** Id of the configured device that is reached here. */
  readonly device: string | null;
}

interface ConfiguredDevice extends LiveDevice {
  readonly connect: string;
  readonly mode: string;
  readonly hasKey: boolean;
}

interface DeviceList {
  readonly serialPorts: readonly SerialPortEntry[];
  readonly devices: readonly ConfiguredDevice[];
  /** Null: none was named, and the service's configuration cannot be used. */
  readonly gateway: {
    readonly url: string;
    readonly running: boolean;
    /** Id of the gateway that answers there instead, or null. */
    readonly other: string | null;
    /** Why its port, which the system chose, is not known, and what to do; or null. */
    readonly missing: GatewayAddress["missing"];
  } | null;
}

/** Looks at this machine's ports and, with a configuration, asks its gateway. */
export async function listDevices(config: GatewayConfig | null): Promise<DeviceList> {
  const names = await findStablePorts();
  const { listSerialPorts } = await import("../../../firmware-bridge/transports/serial-transport.ts");
  const ports = await listSerialPorts();
  const serialPorts = ports
    // Ports of the motherboard that nothing is connected to have no identity.
    .filter(({ path, serialNumber, vendorId }) => names.has(path) || (serialNumber ?? vendorId) !== undefined)
    .map(({ path, manufacturer, serialNumber }): SerialPortEntry => {
      const connect = names.get(path) ?? path;
      return {
        connect,
        path,
        manufacturer: manufacturer ?? null,
        serialNumber: serialNumber ?? null,
        device: config?.devices.find((device) => [connect, path].includes(device.connect))?.id ?? null,
      };
    });
  if (config === null) return { serialPorts, devices: [], gateway: null };
  const { url, missing } = await findGatewayAddress(config.gateway);
  const page = missing === null ? await askGateway(url) : null;
  const known = page?.gateway === config.gateway.id ? page.devices : null;
  const devices = config.devices.map(({ id, connect, mode, keyFile }): ConfiguredDevice => {
    const live = known?.find((device) => device.id === id);
    return {
      id,
      connect,
      mode,
      hasKey: keyFile !== null,
      state: live?.state ?? null,
      firmware: live?.firmware ?? null,
      model: live?.model ?? null,
      windows: live?.windows ?? null,
      diagnoses: live?.diagnoses ?? [],
      push: live?.push ?? null,
      health: live?.health ?? null,
      link: live?.link ?? null,
    };
  });
  return {
    serialPorts,
    devices,
    gateway: {
      url,
      running: known !== null,
      other: known === null ? (page?.gateway ?? null) : null,
      missing,
    },
  };
}

/** As the running gateway says it; where none runs, null or nothing. */
type LiveDevice = Pick<
  WholeGatewayPage["devices"][number],
  "id" | "state" | "firmware" | "model" | "windows" | "diagnoses" | "push" | "health" | "link"
>;

const count = z.number();
interface LivePage {
  readonly gateway: string;
  readonly devices: readonly LiveDevice[];
}

const deviceShape: ShapeOf<LiveDevice> = {
  id: z.string(),
  state: z.string().nullable(),
  firmware: z.string().nullable(),
  model: z.string().nullable(),
  windows: count.nullable().default(null),
  diagnoses: z.array(deviceDiagnosisSchema()).default([]),
  push: z.object({ stage: z.string(), confirmedBytes: count }).nullable(),
  health: z
    .object({ droppedSamples: count, badFrames: count, abandonedWindows: count.optional() })
    .nullable(),
  link: z.object({ badFrames: count }).nullable().default(null),
};

/** Whatever answers at a gateway's address may be another program, or another gateway. */
const pageSchema: z.ZodType<LivePage> = z.object({
  gateway: z.string(),
  devices: z.array(z.object(deviceShape)),
});

async function askGateway(url: string): Promise<LivePage | null> {
  const page = pageSchema.safeParse(await askStatus(url));
  return page.success ? page.data : null;
}

function sayGateway({ url, running, other, missing }: NonNullable<DeviceList["gateway"]>): string[] {
  if (running) return [`Devices of the gateway at ${url}:`];
  if (missing !== null) return [`${missing.message}.`, missing.hint, "Configured devices:"];
  const who = other === null ? "No gateway answers" : `Another gateway, ${other}, answers`;
  return [`${who} at ${url}. Configured devices:`];
}

export function renderDeviceList({ serialPorts, devices, gateway }: DeviceList): string {
  const lines = [serialPorts.length === 0 ? "No serial ports with an identity." : "Serial ports:"];
  for (const { connect, path, manufacturer, device } of serialPorts) {
    const about = [path === connect ? null : path, manufacturer, device === null ? null : `device ${device}`];
    lines.push(`  ${connect}  ${about.filter((part) => part !== null).join(", ")}`.trimEnd());
  }
  if (gateway === null) return renderLines(lines);
  lines.push("", ...sayGateway(gateway));
  for (const { id, connect, mode, hasKey, state, model, windows, diagnoses, push, health, link } of devices) {
    const about = [state ?? "state unknown", `mode ${mode}`];
    // In mode raw the gateway infers, and the device needs no model.
    if (mode !== "raw" || model !== null) about.push(`model ${model ?? "none"}`);
    if (windows !== null) about.push(`${windows.toLocaleString("en")} windows decided`);
    if (push !== null) about.push(`push: ${push.stage}, ${push.confirmedBytes} bytes`);
    if (health !== null) {
      const { droppedSamples, badFrames, abandonedWindows = 0 } = health;
      about.push(
        `dropped ${droppedSamples} samples and ${abandonedWindows} windows, heard ${badFrames} damaged frames of the gateway`,
      );
    }
    if (link !== null) about.push(`the gateway heard ${link.badFrames} damaged frames of it`);
    if (mode !== "raw" && !hasKey) about.push("no key: models are not pushed");
    lines.push(`  ${id}  ${connect}  ${about.join(", ")}`);
    for (const { text, cure, sinceMs } of diagnoses)
      lines.push(`    ! ${text} (since ${new Date(sinceMs).toISOString().slice(0, 19)}Z)`, `      ${cure}`);
  }
  return renderLines(lines);
}

/** What devices and gateways say of themselves adds no line. */
function renderLines(lines: readonly string[]): string {
  return `${lines.map(printableLine).join("\n")}\n`;
}
