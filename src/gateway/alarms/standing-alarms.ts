/**
 * Reads which alarms stand from a turbine's retained state, for a gateway that knows of none. Anybody who may write to the topic
 * may have written it: what is too large, of another turbine or of no known form is refused whole, and a name that can be
 * nobody's is passed over.
 */
import { isWithheldState } from "../../core/contract/alarm-report.ts";
import type { SaidAlarm } from "../../core/contract/alert.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { type TurbineState, turbineStateSchema } from "../../core/contract/turbine-state.ts";
import type { AlarmRecord } from "../../core/decision/alarms/alarm-record.ts";
import { nameAlarm } from "../../core/decision/alarms/alert-event.ts";
import { recallAlarm } from "../../core/decision/alarms/recalled-alarm.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";

/** Far above what the state of a turbine of many components takes. */
export const mostStateBytes = 262_144;
/** Of one turbine, beside those that are kept. */
const mostAlarms = 32;

/** Whose state it must be, and when it is read. */
interface StateReader {
  readonly site: string;
  readonly turbine: string;
  readonly nowMs: number;
  /** Names of alarms that are kept, of however many. */
  readonly known: ReadonlySet<string>;
}

/** What a state tells of alarms, and of baselines. */
interface StandingAlarms {
  /** Whoever published it; absent: an older gateway. */
  readonly gateway?: string | undefined;
  readonly records: readonly AlarmRecord[];
  readonly baselines: NonNullable<TurbineState["baselines"]>;
  /** Of them, those that were passed over: for their names, or since there were too many. */
  readonly ignored: number;
}

/** The alarms in a state, or why it is none of this turbine. */
export function readStandingAlarms(
  payload: Uint8Array,
  { site, turbine, nowMs, known }: StateReader,
): Result<StandingAlarms, string> {
  if (payload.length > mostStateBytes)
    return failed(`it has ${payload.length} bytes, more than ${mostStateBytes}`);
  const { data: state } = turbineStateSchema().safeParse(parseJsonBytes(payload));
  if (state === undefined) return failed("it has no known form");
  if (state.site !== site || state.turbine !== turbine)
    return failed(`it is of ${state.site}/${state.turbine}, not of ${site}/${turbine}`);
  const records = new Map<string, AlarmRecord>();
  let ignored = 0;
  let unknown = 0;
  for (const said of state.alarms) {
    const { component, failureMode } = said;
    const point = { site, turbine, component };
    const name = nameAlarm(point, failureMode);
    const isName = idPattern.test(component) && idPattern.test(failureMode);
    const isUnknown = !known.has(name);
    if (!isName || records.has(name) || (isUnknown && unknown === mostAlarms)) {
      ignored++;
      continue;
    }
    if (isOver(said, state)) continue;
    const record = recallAlarm(said, { point, saidMs: Date.parse(state.time), nowMs });
    if (record === null) continue;
    records.set(name, record);
    if (isUnknown) unknown++;
  }
  const { gateway, baselines = [] } = state;
  return ok({ gateway, records: [...records.values()], baselines, ignored });
}

/** A withheld alarm goes on beneath. Where an older gateway does not say how, it had returned if its component is said to be in no alarm. */
function isOver({ component, state, conditionActive }: SaidAlarm, { components }: TurbineState): boolean {
  if (!isWithheldState(state)) return false;
  if (conditionActive !== undefined) return !conditionActive;
  if (state === "out-of-service") return false;
  const health = components?.find((each) => each.component === component)?.health;
  return health !== undefined && health !== "warning" && health !== "critical";
}
