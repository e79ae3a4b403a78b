/** The validator of a gateway's configuration, which is also the source of its published JSON schema. */
import { z } from "zod";
import { maxCaptureSeconds } from "../device/device-capture.ts";
import { serialRates } from "../device/serial-rates.ts";
import { onDemand } from "../on-demand.ts";
import { checkGatewayReferences } from "./check-gateway-references.ts";
import {
  brokerLoginShape,
  brokerUrlSchema,
  filePathSchema as file,
  httpNamesSchema,
  idSchema as id,
  optionalFile,
  topicBaseSchema,
  trustedKeysSchema,
} from "./config-parts.ts";
import { evidenceConfigSchema } from "./evidence-config.ts";
import type { GatewayConfig } from "./gateway-config.ts";
import { modbusSchema } from "./modbus-config.ts";
import { opcuaSchema } from "./opcua-config.ts";
import { pointSchema } from "./point-schema.ts";
import { storeSchema, uplinkSchema } from "./record-config.ts";
import { scadaSchema } from "./scada-config.ts";

/** How a device can be reached; the part behind the scheme is checked where it is used. */
const deviceConnectPattern: RegExp =
  /^(\/.{1,1023}|COM\d{1,3}|tcp:\/\/(\[[0-9A-Fa-f:]+\]|[^\s/:[\]]+):\d{1,5}|mqtt)$/;

const mqtt = onDemand(() =>
  z
    .strictObject({
      url: brokerUrlSchema().default("mqtt://127.0.0.1:1883").describe("The broker"),
      base: topicBaseSchema(),
      ...brokerLoginShape(),
      maxPacketBytes: z
        .int()
        .min(1024)
        .max(268_435_455)
        .default(1_048_576)
        .describe("Larger messages are refused"),
    })
    .prefault({}),
);

/** Validator (and source of the JSON schema) of {@link GatewayConfig}. */
export const gatewayConfigSchema: () => z.ZodType<GatewayConfig> = onDemand(() =>
  z
    .strictObject({
      gateway: z.strictObject({
        id: id.describe("Id of this gateway, unique in the fleet"),
        site: id.describe("Site that its turbines stand on"),
        stateDir: file
          .default("/var/lib/aurora/gateway")
          .describe("Folder for the outbox, alarm states and model slots"),
        httpHost: z.string().min(1).max(255).default("127.0.0.1").describe("Address for health and metrics"),
        httpPort: z
          .int()
          .min(0)
          .max(65535)
          .default(9617)
          .describe("Port for health and metrics; 0 picks a free one"),
        httpNames: httpNamesSchema(),
        profile: z
          .enum(["standard", "small"])
          .default("standard")
          .describe(
            "small: less memory, since no native engine is loaded and caches are smaller; the same decisions",
          ),
        workers: z
          .int()
          .min(0)
          .max(16)
          .nullable()
          .default(null)
          .describe(
            "Threads that cut windows of raw samples beside the main one, which scores and decides them; null: none below 64 points, then one for each 64, up to the cores",
          ),
      }),
      mqtt: mqtt(),
      devices: z
        .array(
          z.strictObject({
            id: id.describe("Id of the device, as it says hello"),
            connect: z
              .string()
              .regex(deviceConnectPattern, "/dev/serial/by-id/..., tcp://host:port or mqtt")
              .describe("serial path, tcp://HOST:PORT or mqtt"),
            baud: z
              .int()
              .min(serialRates.min)
              .max(serialRates.max)
              .default(serialRates.usual)
              .describe("Speed of a serial line"),
            mode: z
              .enum(["raw", "edge", "both"])
              .default("raw")
              .describe(
                "raw: the gateway infers; edge: the device does; both: the gateway checks the device",
              ),
            keyFile: optionalFile().describe(
              "File with the device's key (64 hexadecimal digits); without it no model is pushed",
            ),
            alarmRawSamples: z
              .int()
              .min(0)
              .max(480_000)
              .default(0)
              .describe("In mode edge: raw samples kept after every score that is an alarm"),
            alertCaptureSeconds: z
              .number()
              .min(0)
              .max(maxCaptureSeconds)
              .nullable()
              .default(null)
              .describe(
                "In mode edge: seconds of raw samples asked for when an alert is raised; 0: none; null: enough for a whole window like the one that raised it, 2 at least",
              ),
          }),
        )
        .max(256)
        .default([])
        .describe("Microcontrollers"),
      turbines: z
        .array(
          z.strictObject({
            id: id.describe("Id of the turbine, unique on the site"),
            points: z.array(pointSchema()).max(64).default([]).describe("Components that are watched"),
            scadaBundle: id
              .nullable()
              .default(null)
              .describe("Bundle that watches the turbine's SCADA values; map its channels under scada"),
            repairs: z
              .array(
                z.strictObject({
                  component: id.describe("Component as the bundle calls it, for example gearbox"),
                  date: z.iso
                    .date()
                    .describe(
                      "Day on which it failed, for example 2026-08-20; one to come counts from then on",
                    ),
                }),
              )
              .max(1000)
              .default([])
              .describe(
                "Components that failed and were mended: what is healthy is learnt again from there. What is corrected or taken out is undone with the next start",
              ),
          }),
        )
        .min(1)
        .max(1024)
        .describe("Turbines"),
      scada: scadaSchema(),
      modbus: modbusSchema(),
      opcua: opcuaSchema(),
      bundles: z
        .strictObject({
          dir: file.default("models").describe("Folder of the bundles that came with the installation"),
          trustedKeys: trustedKeysSchema(),
          engine: z
            .enum(["auto", "onnx", "integer"])
            .default("auto")
            .describe(
              "Engine that runs the student; auto: plain integers for a small one, ONNX Runtime for a larger one; the same decisions",
            ),
        })
        .prefault({}),
      updates: z
        .strictObject({
          enabled: z.boolean().default(false).describe("Look for newer bundles"),
          url: z
            .string()
            .regex(
              /^https?:\/\/[^\s@]+$/,
              "must be http://host:port or https://host:port, without a password",
            )
            .nullable()
            .default(null),
          caFile: optionalFile().describe(
            "Certificates (PEM) of the authorities that the server of an https url is trusted by; null: the system's",
          ),
          rootFile: optionalFile().describe("Trusted TUF root metadata, from the collector at enrolment"),
          pollSeconds: z
            .number()
            .min(1)
            .max(86_400)
            .default(300)
            .describe("Seconds between two looks, jittered"),
        })
        .prefault({}),
      operation: z
        .strictObject({
          standbyBelowRpm: z
            .number()
            .min(0)
            .default(300)
            .describe("Below this shaft speed a turbine stands by, and nothing is decided"),
          dataTimeoutSeconds: z
            .number()
            .min(1)
            .default(60)
            .describe(
              "After this time without data a turbine's state is information-unavailable; a shaft speed or power of SCADA holds for so long after it came, and is not used where it is older by its own time when it comes",
            ),
        })
        .prefault({}),
      commissioning: z
        .strictObject({
          minWindows: z
            .int()
            .min(16)
            .max(1_000_000)
            .default(128)
            .describe(
              "Windows of operation that a healthy baseline rests on at least, once it is no longer refined",
            ),
          minHours: z
            .number()
            .min(0)
            .max(8760)
            .default(24)
            .describe("Hours that learning a healthy baseline takes at least"),
        })
        .prefault({}),
      alarms: z
        .strictObject({
          falsePerTurbineYear: z
            .number()
            .positive()
            .max(1000)
            .default(0.1)
            .describe("False alarms of a turbine in a year that the decision may spend"),
          faultPrior: z
            .number()
            .positive()
            .lt(0.5)
            .default(0.058)
            .describe("Share of components with a fault at any time, from which a risk is computed"),
          stopDb: z
            .number()
            .positive()
            .max(100)
            .nullable()
            .default(null)
            .describe(
              "Level at which a machine must stop, dB above its healthy baseline; null: chosen from it",
            ),
        })
        .prefault({}),
      drift: z
        .strictObject({
          intervalSeconds: z.number().min(1).max(86_400).default(600).describe("Length of a drift summary"),
          periodSeconds: z
            .number()
            .min(10)
            .max(2_678_400)
            .default(86_400)
            .describe("Length of what drift is assessed over: a day; shorter for demonstrations only"),
          falsePerPointDay: z
            .number()
            .positive()
            .max(0.05)
            .default(0.001)
            .describe("Probability that a day like a point's own reference is called drift"),
          learnDays: z
            .int()
            .min(5)
            .max(90)
            .default(14)
            .describe("Days of operation that a point's own drift reference needs at least"),
        })
        .prefault({}),
      uplink: uplinkSchema(),
      store: storeSchema(),
      evidence: evidenceConfigSchema(),
      log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") }).prefault({}),
    })
    .superRefine(checkGatewayReferences),
);
