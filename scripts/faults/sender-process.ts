/** Starts, orders and kills a record sender. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { hourMs } from "../../src/core/maths/durations.ts";
import { endWithProcess } from "../../src/core/platform/daemon/at-process-end.ts";
import { endChild } from "../../test/support/has-ended.ts";
import { until } from "../../test/support/until.ts";
import type { FaultSite } from "./fault-site.ts";
import type { BacklogOrder } from "./sender-backlog.ts";
import type { SenderIdentity } from "./sender-records.ts";

/** What a sender is started with. */
export interface SenderPlan extends SenderIdentity {
  /** Of its database. */
  readonly path: string;
  /** Of its broker. */
  readonly url: string;
  readonly keepaliveSeconds: number;
  readonly maxFileBytes?: number;
}

export type SenderOrder =
  | {
      readonly kind: "append";
      readonly what: "alerts" | "batches" | "events";
      readonly from: number;
      readonly count: number;
    }
  | ({ readonly kind: "backlog" } & BacklogOrder)
  | { readonly kind: "flush" | "ask" | "stop" };

export interface SenderState {
  readonly records: number;
  readonly pendingRecords: number;
  readonly trouble: string | null;
  /** In the lane of alerts. */
  readonly alerts: number;
  /** Of all records that wait. */
  readonly bodyBytes: number;
  readonly bytesSent: number;
  readonly recordsSent: number;
  readonly timeouts: number;
  readonly bytesReceived: number;
  /** Of each alert of this run: from its append until the collector had acknowledged it. */
  readonly alertDelaysMs: readonly number[];
  /** Of each alert of this run that was sent: bytes that were under way before it or went out before it did. */
  readonly bytesAheadOfAlerts: readonly number[];
  readonly connected: boolean;
  readonly rssBytes: number;
}

export type SenderWord = { readonly kind: "ready" | "done" } | ({ readonly kind: "state" } & SenderState);

export interface SenderProcess {
  readonly plan: SenderPlan;
  append(what: "alerts" | "batches" | "events", from: number, count: number): Promise<void>;
  backlog(order: BacklogOrder): Promise<void>;
  /** Commits and sends what waits for company. */
  flush(): Promise<void>;
  state(): Promise<SenderState>;
  /** Waits until everything is stored elsewhere. */
  untilEmpty(limitMs: number): Promise<SenderState>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A sender at a site as usual: an hour old, with a folder of its own. */
export function planSender(
  { folder, brokerUrl }: Pick<FaultSite, "folder" | "brokerUrl">,
  name: string,
): Omit<SenderPlan, "keepaliveSeconds"> {
  return { name, startMs: Date.now() - hourMs, path: join(folder, name, "gateway.db"), url: brokerUrl };
}

/** Starts one; resolves when it runs. Rejects with its last words. */
export async function startSender(
  plan: Omit<SenderPlan, "keepaliveSeconds"> & { readonly keepaliveSeconds?: number },
): Promise<SenderProcess> {
  mkdirSync(dirname(plan.path), { recursive: true });
  const whole: SenderPlan = { keepaliveSeconds: 30, ...plan };
  const program = join(import.meta.dirname, "record-sender.js");
  const child = endWithProcess(
    fork(program, [JSON.stringify(whole)], { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: [] }),
  );
  let lastWords = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-1500);
  });
  const answer = listenTo(child, () => lastWords);
  await answer("ready");
  const order = async (what: SenderOrder): Promise<SenderWord> => {
    const answered = answer(what.kind === "ask" ? "state" : "done");
    child.send(what);
    return answered;
  };
  const state = async (): Promise<SenderState> => (await order({ kind: "ask" })) as SenderState & SenderWord;
  return {
    plan: whole,
    append: async (what, from, count) => void (await order({ kind: "append", what, from, count })),
    backlog: async (backlog) => void (await order({ kind: "backlog", ...backlog })),
    flush: async () => void (await order({ kind: "flush" })),
    state,
    untilEmpty: async (limitMs) => {
      await order({ kind: "flush" });
      let last = await state();
      await until(
        async () => {
          last = await state();
          return last.records === 0 && last.pendingRecords === 0;
        },
        `${plan.name} is empty`,
        limitMs,
      ).catch((error: unknown) => {
        throw new Error(`${error instanceof Error ? error.message : error}: ${last.records} records left`);
      });
      return last;
    },
    kill: () => endChild(child, "SIGKILL"),
    stop: async () => {
      const gone = once(child, "exit");
      child.send({ kind: "stop" } satisfies SenderOrder);
      await gone;
    },
  };
}

/** Waits for one word of a kind; rejects when the child ends before. One at a time. */
function listenTo(
  child: ChildProcess,
  lastWords: () => string,
): (kind: SenderWord["kind"]) => Promise<SenderWord> {
  return (kind) =>
    new Promise((resolve, reject) => {
      const onWord = (word: unknown): void => {
        if ((word as SenderWord).kind !== kind) return;
        stop();
        resolve(word as SenderWord);
      };
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
        stop();
        reject(new Error(`a sender ended with ${code ?? signal}: ${lastWords()}`));
      };
      const stop = (): void => {
        child.off("message", onWord);
        child.off("exit", onExit);
      };
      child.on("message", onWord);
      child.once("exit", onExit);
    });
}
