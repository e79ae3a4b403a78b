import { expect, test } from "vitest";
import type { DeviceConfig } from "../../../src/core/contract/config/gateway-config.ts";
import { type LogFields, type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { until } from "../../support/until.ts";
import { openLinks } from "../open-links.ts";

/** Opens one device, and collects what is warned of. */
async function warningsOf(device: DeviceConfig): Promise<LogFields[]> {
  const warnings: LogFields[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (message, fields) => warnings.push({ message, ...fields }),
    child: () => logger,
  };
  await openLinks([device], logger);
  return warnings;
}

test.each([
  ["serial line", "/dev/no-such-line", "/dev/no-such-line"],
  ["tcp address", "tcp://127.0.0.1:1", "ECONNREFUSED"],
])(
  "a %s that does not answer is said once, with address and reason, and tried again",
  async (_name, connect, why) => {
    const warnings = await warningsOf({
      id: "mcu-1",
      connect,
      baud: 921_600,
      mode: "raw",
      keyFile: null,
      alarmRawSamples: 0,
      alertCaptureSeconds: 0,
    });
    await until(() => warnings.length > 0, "a warning");
    expect(warnings).toEqual([
      { message: "no contact with device, trying again", connect, reason: expect.stringContaining(why) },
    ]);
  },
);
