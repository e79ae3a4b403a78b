/** What a collector's configuration sets and nothing heeds, for another setting decides otherwise. */
import type { CollectorConfig } from "../../contract/config/collector-config.ts";
import type { ConfigFinding } from "../../contract/config/config-finding.ts";
import { ingestSchema } from "../../contract/config/ingest-config.ts";

/** One finding for each. A value that is also the default is not known to have been set. */
export function warnOfUnused(config: CollectorConfig): readonly ConfigFinding[] {
  const { mqtt, record, ingest } = config;
  const findings: ConfigFinding[] = [];
  const say = (section: string, key: string, [problem, write]: readonly [string, string]): void => {
    findings.push({ path: [...section.split("."), key], problem, write });
  };
  if (mqtt.url === null) {
    for (const key of ["username", "passwordFile", "caFile", "certFile", "keyFile"] as const) {
      if (mqtt[key] !== null) say("mqtt", key, ofOtherBroker);
    }
  } else {
    for (const key of ["gateways", "devices"] as const) {
      if (mqtt.embedded[key].length > 0) say("mqtt.embedded", key, ofOwnBroker);
    }
    for (const key of ["certFile", "keyFile", "caFile"] as const) {
      if (mqtt.embedded[key] !== null) say("mqtt.embedded", key, ofOwnBroker);
    }
  }
  if (record.url === null) {
    for (const key of ["passwordFile", "caFile"] as const) {
      if (record[key] !== null) say("record", key, ofServer);
    }
    if (record.tls) say("record", "tls", ofServer);
  }
  if (record.url === null || mqtt.url === null) {
    const usual = ingestSchema().parse({});
    for (const key of ["workers", "name", "maxUnacknowledged", "sessionExpirySeconds"] as const) {
      if (ingest[key] !== usual[key]) say("ingest", key, ofWorkers);
    }
  }
  return findings;
}

const ofOtherBroker = [
  "this is for the broker of mqtt.url, and there is none: this collector's own broker has its keys under mqtt.embedded",
  "write it under mqtt.embedded, or write mqtt.url",
] as const;
const ofOwnBroker = [
  "this is for the collector's own broker, which does not run beside mqtt.url: nobody is let in or kept out by it",
  "enrol the gateways at that broker (`aurora fleet enrol`) and name mqtt.enrolledFile, or leave mqtt.url out",
] as const;
const ofServer = [
  "a file needs no login: this is for a server",
  "write record.kind: postgres and record.url, or leave it out",
] as const;
const ofWorkers = [
  "this collector has no workers: they need a record and a broker that processes share",
  "write record.kind: postgres with record.url, and mqtt.url, or leave it out",
] as const;
