/** What the parts of a gateway's configuration say of each other: ids that stand once, and names that are known. */
import type { z } from "zod";
import type { GatewayConfig } from "./gateway-config.ts";

/**
 * Adds an issue for every id that stands twice, every device or turbine that is not there, a period of drift that is
 * shorter than an interval, and updates without a source.
 */
export function checkGatewayReferences(config: GatewayConfig, context: z.RefinementCtx): void {
  const devices = new Set<string>();
  for (const [index, device] of config.devices.entries()) {
    if (devices.has(device.id)) {
      context.addIssue({
        code: "custom",
        path: ["devices", index, "id"],
        message: `"${device.id}" stands twice`,
      });
    }
    devices.add(device.id);
  }
  const turbines = new Set<string>();
  for (const [index, turbine] of config.turbines.entries()) {
    if (turbines.has(turbine.id)) {
      context.addIssue({
        code: "custom",
        path: ["turbines", index, "id"],
        message: `"${turbine.id}" stands twice`,
      });
    }
    turbines.add(turbine.id);
    const components = new Set<string>();
    for (const [at, entry] of turbine.points.entries()) {
      const path = ["turbines", index, "points", at];
      if (!devices.has(entry.device)) {
        const known = [...devices].join(", ") || "none";
        context.addIssue({
          code: "custom",
          path: [...path, "device"],
          message: `no device "${entry.device}" (known: ${known})`,
        });
      }
      if (components.has(entry.component)) {
        context.addIssue({
          code: "custom",
          path: [...path, "component"],
          message: `"${entry.component}" stands twice on this turbine`,
        });
      }
      components.add(entry.component);
    }
  }
  for (const [index, mapping] of config.scada.entries()) {
    if (!turbines.has(mapping.turbine)) {
      context.addIssue({
        code: "custom",
        path: ["scada", index, "turbine"],
        message: `no turbine "${mapping.turbine}"`,
      });
    }
  }
  const { intervalSeconds, periodSeconds } = config.drift;
  if (periodSeconds < intervalSeconds) {
    const message = `${periodSeconds} s are less than an interval of ${intervalSeconds} s`;
    context.addIssue({ code: "custom", path: ["drift", "periodSeconds"], message });
  }
  if (config.updates.enabled && (config.updates.url === null || config.updates.rootFile === null)) {
    context.addIssue({ code: "custom", path: ["updates"], message: "updates need url and rootFile" });
  }
}
