/** `POST /devices/ID/capture`: raw samples of a device, for this machine's operator. */
import {
  type DeviceCaptureReply,
  deviceCaptureRequestSchema,
} from "../../core/contract/device/device-capture.ts";
import type { DeviceTasks } from "../devices/connect-devices.ts";
import { describeRecording } from "../devices/recording.ts";
import {
  answerJson,
  expectOperator,
  type GatewayRequest,
  type GatewayRoute,
  matchPlace,
  readOrder,
  refuseRequest,
} from "./gateway-http.ts";

/** Creates the route of all paths below `/devices/`. */
export function createDeviceRoute(tasks: Pick<DeviceTasks, "captures" | "placeOf">): GatewayRoute {
  return {
    method: "POST",
    path: "/devices/",
    answer: async (request) => answerJson(await capture(request, tasks)),
  };
}

async function capture(
  { path, body, actor, signal }: GatewayRequest,
  { captures, placeOf }: Pick<DeviceTasks, "captures" | "placeOf">,
): Promise<DeviceCaptureReply> {
  expectOperator(actor);
  const deviceId = matchPlace(path, "/devices/:/capture")?.[0];
  if (deviceId === undefined) throw refuseRequest("USAGE", "there is only POST /devices/ID/capture");
  const wish = readOrder(body, deviceCaptureRequestSchema(), "not a request for samples");
  const { recording, receivedSamples, gaps } = await captures.capture({ ...wish, deviceId, signal });
  return {
    about: describeRecording(recording, placeOf(deviceId)),
    samples: recording.samples,
    receivedSamples,
    gaps,
    counts: Buffer.concat(recording.parts.map(toLittleEndian)).toString("base64"),
  };
}

function toLittleEndian(counts: Int16Array): Buffer {
  const bytes = Buffer.alloc(2 * counts.length);
  for (const [index, count] of counts.entries()) bytes.writeInt16LE(count, 2 * index);
  return bytes;
}
