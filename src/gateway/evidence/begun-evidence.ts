/**
 * Evidence that was begun and has not left yet, kept over restarts: an entry for each alarm and each request, from its first
 * moment until its samples were stored or it was told why nothing comes of it. Holds no samples.
 */
import { z } from "zod";
import { sha256Pattern } from "../../core/contract/bundle/plain-name.ts";
import type { EvidenceKind } from "../../core/contract/evidence.ts";
import { renderEvidenceDelay } from "../../core/contract/evidence-delay.ts";
import { onDemand } from "../../core/contract/on-demand.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { nameComponent, readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";
import type { Telemetry } from "../record/telemetry.ts";
import type { EvidenceSpool } from "./evidence-spool.ts";

/** What evidence is begun for. */
interface Begun {
  readonly kind: Exclude<EvidenceKind, "reference">;
  /** Of the alert, or of the request. */
  readonly id: string;
  readonly turbine: string;
  readonly component: string;
  /** By which its files wait to be sent; absent: it is still recorded. */
  readonly evidence?: string | undefined;
}

/** As it is kept. */
interface BegunEntry extends Begun {
  /** Until when whoever asked has to wait, as was told last. */
  delayedUntilMs?: number | undefined;
}

interface BegunEvidence {
  /** Ids of alerts and requests whose evidence earlier runs have begun and not ended. */
  readonly earlier: readonly string[];
  /** It is begun, or is to wait by the name `evidence`: say so before its files are there. */
  note(begun: Begun): void;
  /** Ends what can come no more of earlier runs, and tells of it; call it until the folder is open, as files are known only then. */
  settle(spool: Pick<EvidenceSpool, "isOpen" | "has">): void;
  /** Nothing comes of it: ends it, and tells why. */
  abandon(begun: Begun, reason: string): void;
  /** Ends it without a word. */
  end(id: string): void;
  /** The bytes of the day are used up, until when: tells whoever asked, once over all runs. */
  delay(untilMs: number): void;
  /** What waited by this name is stored, or, with a reason, will never be; a request is then told. */
  endFiles(evidence: string, reason?: string): void;
}

interface BegunEvidenceOptions {
  readonly state: Pick<StateStore, "get" | "set" | "keys">;
  readonly telemetry: Pick<Telemetry, "event">;
  readonly logger: Logger;
}

const prefix = "evidence-begun/";
const schema: () => z.ZodType<BegunEntry> = onDemand(() =>
  z.object({
    kind: z.enum(["alarm", "request"]),
    id: z.string(),
    turbine: z.string(),
    component: z.string(),
    evidence: z.string().regex(sha256Pattern).optional(),
    delayedUntilMs: z.number().optional(),
  }),
);

/** Why nothing came of what was still recorded when the last run ended. */
const endedReasons: Readonly<Record<Begun["kind"], string>> = {
  alarm: "the gateway ended before its samples were written",
  request: "the gateway ended while it recorded; ask again",
};

/** Opens it as the last run left it. */
export function openBegunEvidence({ state, telemetry, logger }: BegunEvidenceOptions): BegunEvidence {
  const list = new Map<string, BegunEntry>();
  for (const key of state.keys(prefix)) {
    const begun = readKept(state, { key, schema: schema(), logger });
    if (begun === undefined) state.set(key, null);
    else list.set(begun.id, begun);
  }

  const earlier = [...list.values()];
  let isSettled = false;
  const write = (entry: BegunEntry): void => {
    state.set(`${prefix}${entry.id}`, JSON.stringify(entry));
  };
  const end = (id: string): void => {
    if (list.delete(id)) state.set(`${prefix}${id}`, null);
  };
  const abandon = (begun: Begun, reason: string): void => {
    const { kind, id, turbine, component } = begun;
    const subject = nameComponent(begun);
    if (kind === "request") {
      logger.warn("a request for raw samples was refused", { id, turbine, component, reason });
      telemetry.event("evidence-request-refused", subject, `request ${id}: ${reason}`);
    } else {
      logger.warn("no raw samples are kept of an alarm", { alert: id, turbine, component, reason });
      telemetry.event("evidence-dropped", subject, `alarm: of alert ${id}: ${reason}`);
    }
    end(id);
  };

  return {
    earlier: earlier.map(({ id }) => id),
    note: (begun) => {
      const entry = { ...begun, delayedUntilMs: list.get(begun.id)?.delayedUntilMs };
      list.set(begun.id, entry);
      write(entry);
    },
    settle: (spool) => {
      if (isSettled) return;
      isSettled = spool.isOpen;
      for (const begun of earlier) {
        if (list.get(begun.id) !== begun) continue;
        if (begun.evidence === undefined) abandon(begun, endedReasons[begun.kind]);
        else if (spool.isOpen && !spool.has(begun.evidence))
          abandon(begun, "its files are gone, or were never written");
      }
    },
    abandon,
    end,
    delay: (untilMs) => {
      for (const begun of list.values()) {
        if (begun.kind !== "request" || begun.delayedUntilMs === untilMs) continue;
        begun.delayedUntilMs = untilMs;
        write(begun);
        const reason = `the bytes of a day for raw samples are used up; ${renderEvidenceDelay(untilMs)}. The gateway's configuration says how many bytes these are (evidence.dailyBytes).`;
        telemetry.event("evidence-request-delayed", nameComponent(begun), `request ${begun.id}: ${reason}`);
      }
    },
    endFiles: (evidence, reason) => {
      const begun = [...list.values()].find((one) => one.evidence === evidence);
      if (begun === undefined) return;
      if (reason !== undefined && begun.kind === "request") abandon(begun, reason);
      else end(begun.id);
    },
  };
}
