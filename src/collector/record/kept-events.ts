/**
 * Which events are kept as long as the verdicts on drift (`drift.verdictDays`): those that say who decided what, and by what a gateway
 * decided. All others, which say how a day went, leave with `retentionDays`.
 */
import { alarmEventNames } from "../../core/contract/alarm-report.ts";
import { publishedEventName } from "../../core/contract/publication.ts";
import { outcomeEventName } from "../../core/drift/outcome-event.ts";

/** By name, why each is evidence. */
const reasons: Readonly<Record<string, string>> = {
  [alarmEventNames.acknowledge]: "who saw an alarm",
  [alarmEventNames.shelve]: "who kept an alarm silent, until when",
  [alarmEventNames.unshelve]: "who let it speak again",
  [alarmEventNames["remove-from-service"]]: "who took an alarm out of service, and why",
  [alarmEventNames["return-to-service"]]: "who put it back",
  "alarm.taken-up": "an alarm goes on whose gateway had lost its memory",
  "alarm.forgotten": "an alarm ended as its gateway had lost its memory",
  "alarm.handed-over": "an alarm ended as its point is watched no more",
  "baseline-renewed": "who let a machine's own reference go, and why",
  "baseline-bearing-changed": "what was learnt at another bearing's orders was let go",
  "baseline-ready": "what a machine is held against from then on",
  "baseline-refused": "what was heard was not taken for healthy",
  "baseline-lost": "a machine's own reference could not be read, and is learnt anew",
  "scada-learnt": "what a turbine's values are held against from then on",
  "scada-lost": "what was learnt of a turbine could not be read, and is learnt anew",
  "bundle-refused": "which installed model did not serve, and what served in its place",
  "bundle-unproved": "which model served without its proof",
  "configuration-changed": "by which budget, prior, levels and points a gateway decided from then on",
  "model-serves": "which model a gateway decided with from then on, and whose key signed it",
  [publishedEventName]: "who published a model",
  [outcomeEventName]: "what somebody found at a machine",
};

/** The names of these events. */
export const keptNames: ReadonlySet<string> = new Set(Object.keys(reasons));
