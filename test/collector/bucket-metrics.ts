import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCollectorEvidence } from "../../src/collector/compose-evidence.ts";
import { collectorConfigSchema } from "../../src/core/contract/config/collector-config.ts";
import { createTopics } from "../../src/core/contract/topics.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { createMetrics } from "../../src/core/platform/metrics.ts";

/** What `/metrics` tells beside all else where raw evidence is kept in a bucket; this one's server answers nobody. */
export async function renderBucketMetrics(folder: string): Promise<string> {
  const keyFile = join(folder, "bucket.key");
  writeFileSync(keyFile, "key\n", { mode: 0o600 });
  const config = collectorConfigSchema().parse({
    collector: { stateDir: join(folder, "bucket") },
    evidence: {
      s3: {
        endpoint: "http://127.0.0.1:9",
        bucket: "evidence",
        accessKeyIdFile: keyFile,
        secretAccessKeyFile: keyFile,
      },
    },
  });
  const metrics = createMetrics();
  const evidence = await openCollectorEvidence({
    config,
    record: {} as never,
    topics: createTopics(config.mqtt.base),
    client: {} as never,
    sites: null,
    metrics,
    logger: silentLogger,
  });
  await evidence.close();
  return metrics.render();
}
