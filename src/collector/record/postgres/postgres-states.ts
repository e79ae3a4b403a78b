/** Stores the states of a batch in PostgreSQL: each alone where one of them cannot be kept. */
import type { FleetRecord, SetAsideMessage, StateBatch } from "../fleet-record.ts";
import { otherTopics } from "../record-rules.ts";
import { isDataError, type PostgresDatabase, type SqlSession } from "./postgres-database.ts";
import { setMessagesAside } from "./postgres-events.ts";
import { putStatus, putTurbineState } from "./postgres-machines.ts";

/** What is to be done for a state, and the state's message. */
interface StateWork {
  readonly name: string;
  readonly message: SetAsideMessage;
  readonly put: (session: SqlSession) => Promise<void>;
}

/** Creates the way in. */
export function createStateStore(database: PostgresDatabase): FleetRecord["storeStates"] {
  return (batch) => {
    const work = sortWork(batch);
    const store = (put: (session: SqlSession) => Promise<readonly SetAsideMessage[]>) =>
      database.transaction(async (session) => {
        const faults = await put(session);
        await setMessagesAside(session, batch.setAside.concat(faults), batch.nowMs);
        return faults;
      });
    const together = async (session: SqlSession): Promise<readonly SetAsideMessage[]> => {
      for (const { put } of work) await put(session);
      return [];
    };
    return store(together).catch((error: unknown) => {
      if (!isDataError(error)) throw error;
      return store((session) => putOneByOne(session, work));
    });
  };
}

async function putOneByOne(
  session: SqlSession,
  work: readonly StateWork[],
): Promise<readonly SetAsideMessage[]> {
  const faults: SetAsideMessage[] = [];
  for (const { put, message } of work) {
    await session.exec("SAVEPOINT one_state");
    try {
      await put(session);
      await session.exec("RELEASE one_state");
    } catch (error) {
      if (!isDataError(error)) throw error;
      await session.exec("ROLLBACK TO one_state; RELEASE one_state");
      faults.push({ ...message, fault: { reason: "not-storable", detail: (error as Error).message } });
    }
  }
  return faults;
}

/** In the order of their names: two collectors that store the same do not wait for each other in a circle. */
function sortWork({ turbines, gateways }: StateBatch): readonly StateWork[] {
  const unknown = { topic: otherTopics, payload: new Uint8Array() };
  const fault = { reason: "not-storable", detail: "" } as const;
  const ofTurbines = turbines.map(({ state, seenMs, message = unknown }) => ({
    name: `${state.site}\n${state.turbine}`,
    message: { ...message, fault },
    put: (session: SqlSession) => putTurbineState(session, state, seenMs),
  }));
  const ofGateways = gateways.map(({ status, seenMs, message = unknown }) => ({
    name: status.gateway,
    message: { ...message, fault },
    put: (session: SqlSession) => putStatus(session, status, seenMs),
  }));
  const byName = (a: StateWork, b: StateWork): number => (a.name < b.name ? -1 : Number(a.name > b.name));
  return [...ofTurbines.sort(byName), ...ofGateways.sort(byName)];
}
