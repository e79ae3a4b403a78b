/**
 * For a gateway that has lost its memory, or has an older one (a card was replaced, it was installed anew, an image of its disk was
 * put back): what its turbines' retained states say of alarms is read at every start, before it says otherwise, and what it does not
 * know is put where the last run would have left it. Begins nothing by itself: an alarm that is taken up stands and ends as any other.
 */
import { z } from "zod";
import { twinAdvice } from "../../core/contract/clone-words.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { onDemand } from "../../core/contract/on-demand.ts";
import type { Topics } from "../../core/contract/topics.ts";
import { isConditionActive } from "../../core/decision/alarms/alarm-lifecycle.ts";
import { type AlarmRecord, alarmRecordSchema } from "../../core/decision/alarms/alarm-record.ts";
import type { AlarmRegister } from "../../core/decision/alarms/alarm-register.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { MqttClient } from "../../core/platform/mqtt/mqtt-reconnect.ts";
import { readStandingAlarms } from "../alarms/standing-alarms.ts";
import { replaceByTold } from "../alarms/told-alarms.ts";
import { readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";
import { tellOlderBaselines } from "./older-baselines.ts";
import { describeInspections } from "./scada-watch.ts";
import {
  describeRecalled,
  findForgotten,
  nameRecord,
  readSnapshots,
  renumberAlarms,
  type Snapshots,
} from "./snapshots.ts";

interface AlarmRecallOptions {
  readonly config: GatewayConfig;
  readonly state: StateStore;
  readonly mqtt: Pick<
    MqttClient,
    "subscribe" | "unsubscribe" | "onConnect" | "onDisconnect" | "firstAttempt" | "refusedFilters"
  >;
  readonly topics: Topics;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly onEvent: (name: string, subject: string, detail: string) => void;
}

interface AlarmRecall {
  /**
   * Reads what the last run kept, and the states, of which it writes down what stands. Resolves with both: at once where the broker
   * refuses, and after some seconds where it does not answer.
   */
  look(): Promise<Snapshots>;
  /** From now on states go out: what could not be read before is read with the first connection that lasts for some seconds. */
  watch(register: Pick<AlarmRegister, "snapshot">): void;
  close(): void;
}

/** What was found too late to be taken up. */
const key = "recalled-alarms";
/** A broker that is there is connected by then; devices wait meanwhile. */
const connectMs = 5_000;
/** Retained messages come with the answer to the subscription: where none has come after this long there is none, … */
const noneMs = 200;
/** … this long after the last one there are no more, … */
const quietMs = 1_000;
/** … nor after this long. */
const longestMs = 5_000;
/** So long after a connection began its own states are on their way. */
const echoMs = 15_000;
/** What is kept of them must find room in the state store. */
const mostFound = 2_000;

const foundSchema: () => z.ZodType<readonly AlarmRecord[]> = onDemand(() =>
  z.array(alarmRecordSchema).max(mostFound),
);

/** Creates it; nothing is asked for before `look`. */
export function createAlarmRecall(options: AlarmRecallOptions): AlarmRecall {
  return new Recall(options);
}

class Recall implements AlarmRecall {
  readonly #options: AlarmRecallOptions;
  readonly #filter: string;
  readonly #topics: ReadonlySet<string>;
  /** Turbines whose states were not read yet, by topic. */
  readonly #unread: Map<string, string>;
  /** May alarms be missing that were kept once? */
  #hasLost = false;
  /** Found, and not yet taken up. */
  #found: readonly AlarmRecord[] = [];
  /** Names of alarms that the last run kept. */
  #known: ReadonlySet<string> = new Set();
  /** Has the broker given any state of this gateway's turbines? */
  #isReadable = false;
  /** States and alarms that were not believed. */
  #ignored = 0;
  #isAsking = false;
  #register: Pick<AlarmRegister, "snapshot"> | null = null;
  #onState = (): void => {};
  #cancel: (() => void)[] = [];

  constructor(options: AlarmRecallOptions) {
    const { config, topics } = options;
    const { site } = config.gateway;
    this.#options = options;
    this.#filter = topics.state(site, "+");
    this.#unread = new Map(config.turbines.map(({ id }) => [topics.state(site, id), id]));
    this.#topics = new Set(this.#unread.keys());
  }

  async look(): Promise<Snapshots> {
    return renumberAlarms(await this.#read(), this.#options.clock.nowMs());
  }

  async #read(): Promise<Snapshots> {
    const { state, logger, mqtt } = this.#options;
    const kept = readSnapshots(state, logger);
    if (this.#unread.size === 0) return kept;
    this.#hasLost = kept.lost?.length !== 0;
    this.#known = new Set(kept.alarms.records.map(nameRecord));
    this.#found = readKept(state, { key, schema: foundSchema(), logger }) ?? [];
    this.#isAsking = true;
    await mqtt.subscribe(this.#filter, 0, (topic, payload, retain) => this.#take(topic, payload, retain));
    const isConnected = await this.#connected();
    if (isConnected && !mqtt.refusedFilters.has(this.#filter)) await this.#quiet();
    const nowMs = this.#options.clock.nowMs();
    this.#found = replaceByTold(this.#found, kept.lost, { state, logger, nowMs });
    const isTakenUp = this.#takeUp(kept);
    if (this.#unread.size === 0) this.#stop();
    return isTakenUp ? readSnapshots(state, logger) : kept;
  }

  watch(register: Pick<AlarmRegister, "snapshot">): void {
    if (!this.#isAsking) return;
    this.#register = register;
    const { mqtt, timers } = this.#options;
    let cancelEnd = (): void => {};
    this.#cancel.push(
      // A connection that is lost before has not given all.
      mqtt.onDisconnect(() => cancelEnd()),
      mqtt.onConnect(() => {
        cancelEnd();
        let isOver = false;
        const cancelTimer = timers.after(echoMs, () => {
          if (this.#isReadable || mqtt.refusedFilters.has(this.#filter)) this.#end();
          else void this.#caughtUp().then(() => isOver || this.#end());
        });
        cancelEnd = () => {
          isOver = true;
          cancelTimer();
        };
      }),
      () => cancelEnd(),
    );
  }

  close(): void {
    for (const cancel of this.#cancel.splice(0)) cancel();
  }

  #take(topic: string, payload: Uint8Array, retain: boolean): void {
    const { config, clock, logger } = this.#options;
    if (!this.#topics.has(topic)) return;
    this.#isReadable = true;
    const turbine = this.#unread.get(topic);
    // What is not retained is said now, by this gateway.
    if (turbine === undefined || !retain || payload.length === 0) return;
    this.#unread.delete(topic);
    const { site, id } = config.gateway;
    const read = readStandingAlarms(payload, { site, turbine, nowMs: clock.nowMs(), known: this.#known });
    if (read.ok) {
      const { gateway = id, baselines } = read.value;
      const hint = `If it still watches the turbine: ${twinAdvice}.`;
      if (gateway !== id) logger.warn("a turbine's state is another gateway's", { topic, gateway, hint });
      else tellOlderBaselines({ site, turbine, baselines }, this.#options);
      this.#note(read.value.records);
      this.#ignored += read.value.ignored;
    } else {
      logger.warn("a turbine's retained state is ignored", { topic, reason: read.error });
      this.#ignored++;
    }
    this.#onState();
  }

  #note(records: readonly AlarmRecord[]): void {
    const register = this.#register;
    if (register === null) {
      this.#found = [...this.#found, ...records];
      return;
    }
    const standing = records.filter(({ alarm }) => isConditionActive(alarm));
    const late = findForgotten(standing, { alarms: register.snapshot() });
    if (late.length === 0) return;
    this.#found = this.#cut([...this.#found, ...late]);
    this.#options.state.set(key, JSON.stringify(this.#found));
    const fate = "was found too late: it is taken up when this gateway is started again";
    for (const record of late) this.#tell(record, "alarm.forgotten", fate);
  }

  #cut(forgotten: readonly AlarmRecord[]): readonly AlarmRecord[] {
    this.#ignored += Math.max(0, forgotten.length - mostFound);
    return forgotten.slice(0, mostFound);
  }

  /** Were there any that the last run did not keep? */
  #takeUp(kept: Snapshots): boolean {
    const { config, state, logger } = this.#options;
    const forgotten = this.#cut(findForgotten(this.#found, kept));
    this.#found = [];
    if (forgotten.length === 0) {
      if (state.get(key) !== null) state.set(key, null);
      return false;
    }
    for (const record of forgotten) this.#tell(record, "alarm.taken-up", "is taken up as it was told last");
    state.setAll({
      [key]: null,
      ...describeRecalled(forgotten, kept),
      ...describeInspections(forgotten, { config, state, logger }),
    });
    return true;
  }

  #tell({ point, failureMode, alarm, lastEvent }: AlarmRecord, name: string, fate: string): void {
    const { logger, onEvent } = this.#options;
    const subject = `${point.turbine} ${point.component} ${failureMode}`;
    const detail = `an alarm (${alarm.state}, since ${lastEvent?.data.since}) of which this gateway has lost its memory ${fate}`;
    logger.warn(detail, { alarm: subject });
    onEvent(name, subject, detail);
  }

  /**
   * Resolves when the broker has heard all that was sent before, and what it sent back has come, however long a slow line takes: its
   * answer stands behind that. What it is asked to leave nobody reads.
   */
  #caughtUp(): Promise<void> {
    return this.#options.mqtt.unsubscribe(`${this.#filter}/caught-up`);
  }

  /** All that can be read has been. */
  #end(): void {
    const { logger, onEvent } = this.#options;
    if (!this.#isAsking) return;
    if (!this.#isReadable) {
      const detail =
        "the broker does not let this gateway read its turbines' states: alarms that it has lost its memory of, if there were any, are not known";
      logger.warn(detail, {
        filter: this.#filter,
        hint: "Give the broker the access list that `aurora fleet enrol` writes.",
      });
      if (this.#hasLost) onEvent("alarms.unreadable", this.#filter, detail);
    }
    this.#stop();
  }

  #stop(): void {
    if (!this.#isAsking) return;
    this.#isAsking = false;
    if (this.#ignored > 0) {
      const detail = `${this.#ignored} retained states, or alarms in them, are not believed: what they told of alarms is not known`;
      this.#options.onEvent("alarms.ignored", this.#filter, detail);
    }
    this.close();
    void this.#options.mqtt.unsubscribe(this.#filter);
  }

  #connected(): Promise<boolean> {
    return new Promise<boolean>((resolve) => {
      this.#after(connectMs, () => resolve(false));
      void this.#options.mqtt.firstAttempt.then(resolve);
    }).then((isConnected) => {
      this.close();
      return isConnected;
    });
  }

  #quiet(): Promise<void> {
    const { timers } = this.#options;
    return new Promise<void>((resolve) => {
      let stop = (): void => {};
      this.#onState = () => {
        stop();
        if (this.#unread.size === 0) resolve();
        else stop = timers.after(this.#unread.size === this.#topics.size ? noneMs : quietMs, resolve);
      };
      this.#cancel.push(() => stop());
      this.#after(longestMs, resolve);
      this.#onState();
    }).then(() => {
      this.#onState = () => {};
      this.close();
    });
  }

  #after(delayMs: number, callback: () => void): void {
    this.#cancel.push(this.#options.timers.after(delayMs, callback));
  }
}
