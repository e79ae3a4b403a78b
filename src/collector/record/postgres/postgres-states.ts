/** Stores the states of a batch in PostgreSQL: all at once, or each alone where one of them cannot be kept. */

import { doubtStatus } from "../clock-rules.ts";
import { createCloneEvent, createTwinEvent, fromTwinRow, stepTwins, type TwinSign } from "../clone-rules.ts";
import type { FleetRecord, SetAsideMessage, StateBatch } from "../fleet-record.ts";
import type { TurbineRef } from "../machine-record.ts";
import { nameTurbine } from "../machine-rows.ts";
import { unclaimedError } from "../record-bounds.ts";
import { ownSource, setStateAside } from "../record-rules.ts";
import { holdAlarms } from "./postgres-alarms.ts";
import { tellOfClocks } from "./postgres-clocks.ts";
import type { PostgresDatabase, SqlSession } from "./postgres-database.ts";
import { inOneEra } from "./postgres-era.ts";
import { isDataError } from "./postgres-errors.ts";
import { putEvents, setMessagesAside } from "./postgres-events.ts";
import {
  findUnclaimed,
  isCloneNews,
  putStatus,
  putTurbineStates,
  takeStateBack,
} from "./postgres-machines.ts";
import type { PostgresPartitions } from "./postgres-partitions.ts";

type Turbine = StateBatch["turbines"][number];
type Gateway = StateBatch["gateways"][number];

/** Creates the way in. */
export function createStateWriter(
  database: PostgresDatabase,
  partitions: PostgresPartitions,
): FleetRecord["storeStates"] {
  const storeIn = async (held: PostgresDatabase, batch: StateBatch): Promise<readonly SetAsideMessage[]> => {
    await partitions.prepare(batch.nowMs, ["event"]);
    const { refused, turbines } = await admitStates(database, batch);
    const gateways = [...batch.gateways].sort((a, b) => (a.status.gateway < b.status.gateway ? -1 : 1));
    const store = (put: (session: SqlSession) => Promise<readonly SetAsideMessage[]>) =>
      held.transaction(async (session) => {
        const faults = [...refused, ...(await put(session))];
        for (const each of batch.unwatched ?? []) await takeStateBack(session, each, each.seenMs);
        await setMessagesAside(session, batch.setAside.concat(faults), batch.nowMs);
        return faults;
      });
    try {
      return await store(async (session) => {
        await putStates(session, turbines, batch.nowMs);
        for (const { status, seenMs } of gateways) await putStatus(session, status, seenMs);
        await tellOfStatuses(session, gateways, batch.nowMs);
        return [];
      });
    } catch (error) {
      if (!isDataError(error)) throw error;
      return store(async (session) => {
        const faults = await putOneByOne(session, { turbines, gateways, nowMs: batch.nowMs });
        await tellOfStatuses(session, gateways, batch.nowMs);
        return faults;
      });
    }
  };
  return (batch) => inOneEra(database, (held) => storeIn(held, batch));
}

/** Stores what turbines say, tells of those that several gateways speak of, and holds their alarms against it. */
async function putStates(session: SqlSession, turbines: readonly Turbine[], nowMs: number): Promise<void> {
  await putTurbineStates(session, turbines, nowMs);
  for (const { state, seenMs, twins = null } of turbines) {
    if (twins === null || !(await isTwinNews(session, state, { twins, seenMs }))) continue;
    const event = createTwinEvent(state, twins, seenMs);
    await putEvents(session, [[event, ownSource(nowMs)]]);
  }
  await holdAlarms(session, turbines);
}

/** Notes that a gateway spoke of a turbine, whose row is held, after another; are people to be told of two? */
async function isTwinNews(
  session: SqlSession,
  { site, turbine }: TurbineRef,
  sign: TwinSign,
): Promise<boolean> {
  const [row] = await session.rows(
    "SELECT twinned_ms, twins_json FROM turbine WHERE site = $1 AND turbine = $2",
    [site, turbine],
  );
  const { twins, isNews } = stepTwins(fromTwinRow(row), sign);
  await session.run("UPDATE turbine SET twinned_ms = $3, twins_json = $4 WHERE site = $1 AND turbine = $2", [
    site,
    turbine,
    Math.trunc(sign.seenMs),
    JSON.stringify(twins),
  ]);
  return isNews;
}

/** Tells of clocks by what statuses say of the time, and of gateways that are two. */
async function tellOfStatuses(
  session: SqlSession,
  gateways: readonly Gateway[],
  nowMs: number,
): Promise<void> {
  const doubts = gateways.flatMap(({ status: { gateway, time }, seenMs }) => {
    return doubtStatus(time, { gateway, receivedMs: seenMs }) ?? [];
  });
  await tellOfClocks(session, doubts, nowMs);
  for (const { status, seenMs, cloned } of gateways) {
    if (cloned !== true || !(await isCloneNews(session, status.gateway, seenMs))) continue;
    const event = createCloneEvent(status.gateway, seenMs);
    await putEvents(session, [[event, ownSource(nowMs)]]);
  }
}

/** A turbine that no envelope has named yet needs room. */
async function admitStates(
  session: SqlSession,
  { turbines }: StateBatch,
): Promise<{ readonly refused: readonly SetAsideMessage[]; readonly turbines: readonly Turbine[] }> {
  const found = await findUnclaimed(
    session,
    turbines.map(({ state }) => state),
  );
  const unknown = new Set(found.unknown);
  let { room } = found;
  const refused: SetAsideMessage[] = [];
  const admitted = turbines.filter((each) => {
    if (!unknown.has(nameTurbine(each.state))) return true;
    if (room > 0) {
      room--;
      unknown.delete(nameTurbine(each.state));
      return true;
    }
    const { reason, message } = unclaimedError(each.state);
    refused.push(setStateAside(each, { reason, detail: message }));
    return false;
  });
  return { refused, turbines: admitted };
}

async function putOneByOne(
  session: SqlSession,
  { turbines, gateways, nowMs }: Pick<StateBatch, "turbines" | "gateways" | "nowMs">,
): Promise<readonly SetAsideMessage[]> {
  const faults: SetAsideMessage[] = [];
  const attempt = async (each: Turbine | Gateway, put: () => Promise<void>): Promise<void> => {
    await session.exec("SAVEPOINT one_state");
    try {
      await put();
      await session.exec("RELEASE one_state");
    } catch (error) {
      if (!isDataError(error)) throw error;
      await session.exec("ROLLBACK TO one_state; RELEASE one_state");
      faults.push(setStateAside(each, { reason: "not-storable", detail: (error as Error).message }));
    }
  };
  for (const each of turbines) {
    await attempt(each, () => putStates(session, [each], nowMs));
  }
  for (const each of gateways) await attempt(each, () => putStatus(session, each.status, each.seenMs));
  return faults;
}
