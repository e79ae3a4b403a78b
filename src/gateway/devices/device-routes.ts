/** `POST /devices/ID/capture`: raw samples of a device, for whoever knows the gateway's word, on this machine. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AuroraError, type ErrorCode } from "../../core/contract/aurora-error.ts";
import {
  type DeviceCaptureReply,
  deviceCaptureRequestSchema,
} from "../../core/contract/device/device-capture.ts";
import { readBodyBounded } from "../../core/platform/files/read-body.ts";
import { isLoopbackAddress } from "../../core/platform/loopback-host.ts";
import type { GatewayWord } from "./access-file.ts";
import type { Captured, CaptureWish } from "./capture-attempt.ts";
import { describeRecording, type RecordingPlace } from "./recording.ts";

/** What the routes need. */
export interface DeviceRoutesOptions {
  readonly word: GatewayWord;
  capture(wish: CaptureWish): Promise<Captured>;
  placeOf(deviceId: string): RecordingPlace;
}

/** Takes a request whose path begins with `/devices/`. */
export type DeviceRoutes = (request: IncomingMessage, response: ServerResponse) => void;

const maxBodyBytes = 4096;

const statusOf: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  GATEWAY: 403,
  DEVICE_BUSY: 409,
  DEVICE_UNREACHABLE: 503,
  DEVICE_CAPTURE: 504,
};

/** Creates the routes. */
export function createDeviceRoutes(options: DeviceRoutesOptions): DeviceRoutes {
  async function answer(request: IncomingMessage, signal: AbortSignal): Promise<DeviceCaptureReply> {
    const { remoteAddress, localAddress } = request.socket;
    if (!isLoopbackAddress(remoteAddress) && remoteAddress !== localAddress)
      throw refuse("GATEWAY", "a gateway takes orders from its own machine only");
    if (!options.word.allows(request.headers.authorization))
      throw refuse("GATEWAY", "the gateway does not know this caller");
    const deviceId = /^\/devices\/([A-Za-z0-9._-]{1,63})\/capture$/.exec(request.url ?? "")?.[1];
    if (deviceId === undefined) throw refuse("USAGE", "there is only POST /devices/ID/capture");
    const body = await readBodyBounded(request, maxBodyBytes, () =>
      refuse("USAGE", `a request has at most ${maxBodyBytes} bytes`),
    );
    const wish = deviceCaptureRequestSchema.safeParse(parseJson(body.toString("utf8")));
    if (!wish.success) throw refuse("USAGE", `not a request for samples: ${wish.error.issues[0]!.message}`);
    const { recording, receivedSamples, gaps } = await options.capture({ ...wish.data, deviceId, signal });
    return {
      about: describeRecording(recording, options.placeOf(deviceId)),
      samples: recording.samples,
      receivedSamples,
      gaps,
      counts: Buffer.concat(recording.parts.map(toLittleEndian)).toString("base64"),
    };
  }

  return (request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const say = (status: number, body: unknown): void => {
      if (response.destroyed) return;
      response.writeHead(status, {
        "content-type": "application/json",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        // The rest of a body that is too long is not waited for.
        ...(status === 200 ? {} : { connection: "close" }),
      });
      response.end(`${JSON.stringify(body)}\n`);
    };
    answer(request, gone.signal).then(
      (reply) => say(200, reply),
      (error: unknown) => {
        if (!(error instanceof AuroraError))
          return say(500, {
            error: { code: "GATEWAY", message: "this failed", hint: "See the gateway's log." },
          });
        const { code, message, hint } = error;
        say(statusOf[code] ?? 500, { error: { code, message, hint } });
      },
    );
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toLittleEndian(counts: Int16Array): Buffer {
  const bytes = Buffer.alloc(2 * counts.length);
  for (const [index, count] of counts.entries()) bytes.writeInt16LE(count, 2 * index);
  return bytes;
}

function refuse(code: ErrorCode, message: string): AuroraError {
  return new AuroraError(code, message, { op: "ask gateway" });
}
