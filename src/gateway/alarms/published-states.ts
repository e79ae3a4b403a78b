/**
 * The topics that this gateway has published turbines' states on: a retained state of a turbine, or a site, that is called
 * otherwise by now would say for ever how it was. Whatever is no longer configured, and no other gateway's by now, is emptied at the
 * broker; the list is kept until that has been done, and written only where it changes. Reads nothing from the broker.
 */
import { z } from "zod";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { onDemand } from "../../core/contract/on-demand.ts";
import type { Topics } from "../../core/contract/topics.ts";
import type { AlarmRegisterSnapshot } from "../../core/decision/alarms/alarm-register.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { isMqttRefusal } from "../../core/platform/mqtt/mqtt-exchanges.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";

interface PublishedStatesOptions {
  readonly config: Pick<GatewayConfig, "gateway" | "turbines">;
  readonly state: StateStore;
  /** Of the last run: a version that kept no list published the states of their turbines. */
  readonly alarms: AlarmRegisterSnapshot | undefined;
  readonly mqtt: Pick<MqttClient, "publish" | "onConnect">;
  readonly topics: Topics;
  readonly logger: Logger;
  /** The broker has emptied one. */
  onEmptied(topic: string): void;
}

/** Those of them that are no longer configured. */
interface FormerStates {
  readonly topics: ReadonlySet<string>;
  /** It is another gateway's: it stays as it is. */
  leave(topic: string): void;
  /**
   * Empties those that are nobody's by now, at once and with every later connection on which they still are, until the broker has taken
   * it.
   */
  empty(isNobodys: (topic: string) => boolean): void;
}

const key = "published-states";
/** A thousand turbines of a site that was renamed some times. */
const mostTopics = 10_000;
/** In a row, until the next start: a broker that never takes it must not be asked with every connection. */
const mostFailures = 3;
/** So many where each ended the connection, which tries one topic alone. */
const mostEnds = 50;
const listSchema: () => z.ZodType<readonly string[]> = onDemand(() =>
  z.array(z.string().min(1).max(512)).max(mostTopics),
);

/** Notes the states that are configured, before the first of them goes out. */
export function notePublishedStates(options: PublishedStatesOptions): FormerStates {
  const { config, state, alarms, mqtt, topics, logger } = options;
  const { site } = config.gateway;
  const configured = config.turbines.map(({ id }) => topics.state(site, id));
  const before = readKept(state, { key, schema: listSchema(), logger }) ?? listOfAlarms(alarms, topics);
  const former = new Set(before.filter((topic) => !configured.includes(topic)).slice(-mostTopics / 2));
  const write = (): void => {
    const text = JSON.stringify([...former, ...configured]);
    if (text !== state.get(key)) state.set(key, text);
  };
  // A kill must not leave one that nobody knows of.
  write();
  /** Those of them that are, or were, nobody's. */
  const due = new Set<string>();
  let isFree = (_topic: string): boolean => false;
  let cancel = (): void => {};
  let failures = 0;
  /** Topics that were tried since the broker took one. */
  let tries = 0;
  let isBusy = false;
  const leave = (topic: string): void => {
    former.delete(topic);
    due.delete(topic);
    write();
  };
  /** Rejects where any stays, with the last reason. */
  const emptyAll = async (): Promise<void> => {
    let refusal: unknown = null;
    const tried = new Set<string>();
    // What falls due meanwhile is reached as well.
    for (const topic of due) {
      if (tried.has(topic) || !isFree(topic)) continue;
      tried.add(topic);
      try {
        // One at a time: a broker that gives no right to a site of before may end the connection with everything on it.
        await mqtt.publish(topic, "", { qos: 1, retain: true });
      } catch (error) {
        tries++;
        // Others come first with the next connection: this one may end each.
        for (const list of [former, due]) {
          list.delete(topic);
          list.add(topic);
        }
        if (!isMqttRefusal(error)) throw error;
        refusal = error;
        continue;
      }
      logger.info("a turbine is no longer configured: its state is taken back", { topic });
      tries = 0;
      leave(topic);
      options.onEmptied(topic);
    }
    if (refusal !== null) throw refusal;
  };
  const emptyAgain = (): void => {
    const isTriedOut = tries >= due.size || failures >= mostEnds;
    if (isBusy || (failures >= mostFailures && isTriedOut)) return;
    isBusy = true;
    const before = due.size;
    emptyAll()
      .catch((error: unknown) => {
        failures = due.size < before ? 0 : failures + 1;
        write();
        logger.warn("the broker keeps states of turbines that are no longer configured", {
          topics: due.size,
          error,
        });
      })
      .finally(() => {
        isBusy = false;
      });
  };
  return {
    topics: former,
    leave,
    empty: (isNobodys) => {
      const before = due.size;
      isFree = isNobodys;
      for (const topic of former) if (isNobodys(topic)) due.add(topic);
      if (due.size === 0) return;
      if (due.size > before) {
        failures = 0;
        tries = 0;
      }
      cancel();
      cancel = mqtt.onConnect(emptyAgain);
    },
  };
}

function listOfAlarms(alarms: AlarmRegisterSnapshot | undefined, topics: Topics): readonly string[] {
  const all = alarms?.records.map(({ point: { site, turbine } }) => topics.state(site, turbine)) ?? [];
  return [...new Set(all)];
}
