/** The collector as a process of its own: `node main.js CONFIG.yaml`. The `aurora collector` command does the same. */
import { hasErrorCode } from "../contract/aurora-error.ts";
import { collectorConfigSchema } from "../contract/collector-config.ts";
import type { ReadyMessage } from "../contract/process-message.ts";
import { loadYamlConfig } from "../platform/yaml-config.ts";
import { startCollector } from "./compose.ts";

/** Runs until SIGINT or SIGTERM; tells a parent process when everything is up. */
export async function runCollector(configPath: string, version: string): Promise<void> {
  const config = loadYamlConfig({
    path: configPath,
    schema: collectorConfigSchema,
    environment: process.env,
  });
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "disconnect"] as const) process.once(signal, () => resolve());
  });
  const collector = await startCollector(config, { version });
  const ready: ReadyMessage = { type: "ready", httpUrl: collector.url, mqttUrl: collector.mqttUrl };
  process.send?.(ready);
  await stopped;
  await collector.close();
}

if (process.argv[1] === import.meta.filename) {
  const path = process.argv[2];
  if (path === undefined) {
    process.stderr.write("usage: node main.js CONFIG.yaml\n");
    process.exit(2);
  }
  try {
    await runCollector(path, "0.0.0");
    process.exit(0);
  } catch (error) {
    if (hasErrorCode(error))
      process.stderr.write(`${error.message}\n${error.hint === undefined ? "" : `${error.hint}\n`}`);
    else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
}
