import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CheckedBundle } from "../../../src/gateway/updates/check-bundle.ts";
import type { JournalState, PendingUpdate } from "../../../src/gateway/updates/journal.ts";
import { restingUpdate, sentOf, stepUpdate } from "../../../src/gateway/updates/step-update.ts";
import type { OfferedTarget } from "../../../src/gateway/updates/tuf-client.ts";
import type {
  LookContext,
  UpdateEffect,
  UpdateEvent,
  UpdateState,
} from "../../../src/gateway/updates/update-states.ts";

const offer = (version: string): OfferedTarget => ({
  name: "pump",
  version,
  digest: `content of ${version}`,
  sizeBytes: 1,
  sha256: `tar of ${version}`,
});
const target = offer("1.1.0");
const serving = { name: "pump", version: "1.0.0", digest: "serves", slot: null };
const noJournal: JournalState = { pending: null, refused: [], isDoubtful: false };
const found: PendingUpdate = {
  target,
  fromVersion: "1.0.0",
  step: "found",
  attempts: 0,
  lastReason: null,
};
const checked = {
  bundle: { digest: target.digest, signedBy: ["key"], manifest: { lineage: {} } },
  golden: { cases: [] },
} as unknown as CheckedBundle;
const place = { slot: "a", dir: "/slots/a" } as const;
const proof = {
  formatVersion: 1,
  ok: true,
  digest: "",
  engine: "e",
  cases: 1,
  failed: 0,
  detail: "",
} as const;

const lookEvent = (journal: JournalState): UpdateEvent => ({
  kind: "look",
  journal,
  serving,
  runtimeVersion: "0.1.0",
  maxAttempts: 3,
});
/** What an undisturbed update answers to each effect. */
const answers: Readonly<Record<string, UpdateEvent>> = {
  "read-metadata": { kind: "offered", targets: [target] },
  fetch: { kind: "fetched", tar: new Uint8Array(1) },
  verify: { kind: "verified", checked },
  stage: { kind: "staged", place },
  prove: { kind: "proved", report: proof },
  serve: { kind: "served" },
  activate: { kind: "activated" },
};
const events: readonly UpdateEvent[] = [
  lookEvent(noJournal),
  ...Object.values(answers),
  { kind: "metadata-refused", reason: "expired" },
  { kind: "metadata-missing", reason: "no network" },
  { kind: "failed", failure: "unreachable", reason: "broke off" },
  { kind: "interrupted" },
];

const told = { accident: null, metadata: null };
const look: LookContext = {
  told,
  serving,
  runtimeVersion: "0.1.0",
  maxAttempts: 3,
  refused: [],
  isDoubtful: false,
};
const underWay = { look, update: { ...found, attempts: 1 } };
const states: readonly UpdateState[] = [
  restingUpdate,
  { kind: "looking", look, pending: null },
  { kind: "found", ...underWay },
  { kind: "fetched", ...underWay },
  { kind: "verified", ...underWay, checked },
  { kind: "staged", ...underWay, checked, place },
  { kind: "proved", ...underWay, checked, place },
  { kind: "served", ...underWay, checked, place },
];

const kinds = (effects: readonly UpdateEffect[]): string[] =>
  effects.map((effect) => (effect.kind === "report" ? `report ${effect.record.step}` : effect.kind));
const saved = (effects: readonly UpdateEffect[]): JournalState | undefined =>
  effects.findLast((effect) => effect.kind === "save")?.journal;

describe("the table of an update", () => {
  /** State by state, what each event leads to; all others are out of order. */
  const expected: Readonly<Record<string, Readonly<Record<string, readonly [string, ...string[]]>>>> = {
    resting: { look: ["looking", "discard-downloads", "read-metadata"], interrupted: ["resting"] },
    looking: {
      offered: ["found", "discard-downloads", "save", "fetch"],
      "metadata-refused": ["resting", "report refused", "rest"],
      "metadata-missing": ["resting", "rest"],
      interrupted: ["resting"],
    },
    found: {
      fetched: ["fetched", "report fetched", "save", "verify"],
      failed: ["resting", "rest"],
      interrupted: ["resting"],
    },
    fetched: {
      verified: ["verified", "report verified", "save", "stage"],
      failed: ["resting", "rest"],
      interrupted: ["resting"],
    },
    verified: {
      staged: ["staged", "report staged", "save", "save", "prove"],
      failed: ["resting", "rest"],
      interrupted: ["resting"],
    },
    staged: {
      proved: ["proved", "report proved", "save", "serve"],
      failed: ["resting", "rest"],
      interrupted: ["resting"],
    },
    proved: {
      served: ["served", "activate"],
      failed: ["resting", "rest"],
      interrupted: ["resting"],
    },
    served: {
      activated: ["resting", "report activated", "save", "discard-downloads", "rest"],
      failed: ["resting", "rest"],
      interrupted: ["resting"],
    },
  };

  it.each(states.flatMap((state) => events.map((event) => [state.kind, event.kind, state, event] as const)))(
    "%s, %s",
    (from, on, state, event) => {
      const row = expected[from]?.[on];
      if (row === undefined) {
        expect(() => stepUpdate(state, event)).toThrow(`that is ${from} does not expect "${on}"`);
        return;
      }
      const { state: next, effects } = stepUpdate(state, event);
      expect([next.kind, ...kinds(effects)]).toEqual(row);
    },
  );

  it("asks for one thing that answers, and last", () => {
    for (const state of states) {
      for (const event of events) {
        if (expected[state.kind]?.[event.kind] === undefined || event.kind === "interrupted") continue;
        const answering = kinds(stepUpdate(state, event).effects).map(
          (kind) => kind === "rest" || kind in answers,
        );
        expect(answering.indexOf(true)).toBe(answering.length - 1);
      }
    }
  });

  const failed = (
    state: UpdateState,
    failure: "dishonest" | "stopped" | "again" | "final",
  ): readonly UpdateEffect[] => stepUpdate(state, { kind: "failed", failure, reason: "why" }).effects;

  it("tells an accident once, and refuses for good what is final", () => {
    for (const state of states.filter((one) => "update" in one)) {
      expect(kinds(failed(state, "again"))).toEqual(["report refused", "save", "rest"]);
      expect(saved(failed(state, "again"))?.pending?.lastReason).toBe("why");
      expect(kinds(failed(state, "dishonest"))).toEqual(["report refused", "save", "rest"]);
      const { state: after } = stepUpdate(state, { kind: "failed", failure: "again", reason: "why" });
      expect(after).toMatchObject({ kind: "resting", told: { accident: "why" } });
      const before = { ...state, look: { ...state.look, told: { ...told, accident: "why" } } };
      expect(kinds(failed(before, "again"))).toEqual(["rest"]);
      expect(kinds(failed(state, "final"))).toEqual(["report refused", "save", "discard-downloads", "rest"]);
      expect(saved(failed(state, "final"))).toMatchObject({ pending: null, refused: [{ reason: "why" }] });
    }
  });

  it("takes back an attempt that we stopped ourselves, and no other", () => {
    for (const state of states.filter((one) => "update" in one)) {
      const attempts = saved(failed(state, "stopped"))?.pending?.attempts;
      expect(attempts).toBe(state.kind === "staged" ? 0 : undefined);
    }
  });

  it("gives up before another proof once there were enough", () => {
    for (const lastReason of [null, "it crashed"]) {
      const update = { ...found, step: "staged", attempts: 3, lastReason } as const;
      const { effects } = stepUpdate({ kind: "verified", look, update, checked }, { kind: "staged", place });
      expect(kinds(effects)).toEqual(["report refused", "save", "discard-downloads", "rest"]);
      const why = lastReason ?? "the gateway stopped each time, perhaps for want of memory";
      const reason = expect.stringContaining(`given up after 3 attempts: ${why}`);
      expect(saved(effects)?.refused).toMatchObject([{ reason }]);
    }
  });

  it("gives one attempt after a damaged journal, and forgets the doubt when the update has ended", () => {
    const looking: UpdateState = { kind: "looking", look: { ...look, isDoubtful: true }, pending: null };
    const { state, effects } = stepUpdate(looking, { kind: "offered", targets: [target] });
    expect(saved(effects)).toMatchObject({ isDoubtful: true, pending: { attempts: 2 } });
    const end = stepUpdate(state, { kind: "failed", failure: "final", reason: "" });
    expect(saved(end.effects)?.isDoubtful).toBe(false);
  });

  it("without metadata goes on with what was fetched, unless it was refused meanwhile", () => {
    const pending = { ...found, step: "fetched" } as const;
    const missing: UpdateEvent = { kind: "metadata-missing", reason: "no network" };
    const alone = stepUpdate({ kind: "looking", look, pending }, missing);
    expect([alone.state.kind, ...kinds(alone.effects)]).toEqual(["found", "fetch"]);
    const refused = [{ sha256: target.sha256, runtimeVersion: "0.1.0", reason: "" }];
    const unwanted = stepUpdate({ kind: "looking", look: { ...look, refused }, pending }, missing);
    expect(unwanted.effects).toEqual([{ kind: "rest", outcome: { kind: "current" } }]);
  });

  it("holds a refusal for what a device sends under that, whatever its channel is called", () => {
    const sent = "mcu-1/accel while braking: 12000 Hz, g";
    const under = { kind: "fetched", look, update: { ...found, step: "fetched" } } as const;
    const { effects } = stepUpdate(under, { kind: "failed", failure: "final", reason: "too slow", sent });
    expect(saved(effects)?.refused.map(({ runtimeVersion }) => sentOf(runtimeVersion))).toEqual([sent]);
    expect(sentOf("0.1.0")).toBe("");
  });

  it("ends what was withdrawn, and refuses another content of what serves", () => {
    const looking: UpdateState = { kind: "looking", look, pending: found };
    const withdrawn = stepUpdate(looking, { kind: "offered", targets: [] });
    expect(kinds(withdrawn.effects)).toEqual(["save", "discard-downloads", "rest"]);
    const twin = stepUpdate(looking, { kind: "offered", targets: [offer("1.0.0"), target] });
    expect(kinds(twin.effects)).toEqual(["report refused", "save", "fetch"]);
    expect(saved(twin.effects)).toMatchObject({ pending: found, refused: [{ sha256: "tar of 1.0.0" }] });
  });

  it("ends, once it serves, what a power cut kept from being written down", () => {
    const journal = { ...noJournal, pending: { ...found, step: "proved" } as const };
    const after = {
      ...lookEvent(journal),
      serving: { ...serving, digest: target.digest, slot: "a" },
    } as UpdateEvent;
    const { state, effects } = stepUpdate(restingUpdate, after);
    expect(state).toMatchObject({ kind: "looking", pending: null });
    expect(kinds(effects)).toEqual([
      "mend-pointer",
      "report activated",
      "save",
      "discard-downloads",
      "read-metadata",
    ]);
  });
});

describe("whatever happens to an update", () => {
  const anyJournal: fc.Arbitrary<JournalState> = fc.record({
    pending: fc.option(
      fc.record({
        target: fc.constantFrom(target, offer("1.2.0")),
        fromVersion: fc.constant("1.0.0"),
        step: fc.constantFrom("found", "fetched", "verified", "staged", "proved", "activated"),
        attempts: fc.nat({ max: 4 }),
        lastReason: fc.constantFrom(null, "why"),
      }),
    ),
    refused: fc.constantFrom([], [{ sha256: target.sha256, runtimeVersion: "0.1.0", reason: "" }]),
    isDoubtful: fc.boolean(),
  });
  const anyEvent: fc.Arbitrary<UpdateEvent> = fc.oneof(
    anyJournal.map(lookEvent),
    fc.constantFrom(...events),
    fc
      .constantFrom("unreachable", "dishonest", "stopped", "again", "final")
      .map((failure): UpdateEvent => ({ kind: "failed", failure, reason: "why" })),
    fc
      .constantFrom("1.0.0", "1.2.0")
      .map((version): UpdateEvent => ({ kind: "offered", targets: [offer(version)] })),
  );

  it("nothing is served or activated that was not proved in the same look", () => {
    let activations = 0;
    // Mostly the answer that the last effect waits for (null), or else no random sequence would get far.
    const choices = fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: anyEvent });
    const sequences = fc.array(choices, { maxLength: 60, size: "max" });
    const property = fc.property(sequences, (sequence) => {
      let state = restingUpdate;
      let answer = lookEvent(noJournal);
      let isProved = false;
      for (const choice of sequence) {
        const event = choice ?? answer;
        let effects: readonly UpdateEffect[];
        try {
          ({ state, effects } = stepUpdate(state, event));
        } catch {
          continue; // out of order
        }
        answer = answers[effects.at(-1)?.kind ?? ""] ?? lookEvent(saved(effects) ?? noJournal);
        if (event.kind === "look" || event.kind === "staged") isProved = false;
        if (event.kind === "proved") isProved = true;
        for (const { kind } of effects) {
          if (kind !== "serve" && kind !== "activate") continue;
          expect(isProved).toBe(true);
          activations += 1;
        }
      }
    });
    fc.assert(property, { numRuns: 1000, seed: 7 });
    expect(activations).toBeGreaterThan(1000);
  });

  /** Runs a look to its end, or until the power goes before effect number `cut`; gives the journal and what was told. */
  function run(
    journal: JournalState,
    cut: number,
  ): { journal: JournalState; told: string[]; isActivated: boolean } {
    const told: string[] = [];
    let kept = journal;
    let isActivated = false;
    let left = cut;
    let { state, effects } = stepUpdate(restingUpdate, lookEvent(journal));
    for (;;) {
      for (const effect of effects) {
        if (left-- === 0) return { journal: kept, told, isActivated };
        if (effect.kind === "save") kept = effect.journal;
        if (effect.kind === "report") told.push(effect.record.step);
        if (effect.kind === "activate") isActivated = true;
      }
      const answer = answers[effects.at(-1)?.kind ?? ""];
      if (answer === undefined) return { journal: kept, told, isActivated };
      ({ state, effects } = stepUpdate(state, answer));
    }
  }

  it("a power cut before any effect, and another one, ends where an undisturbed update does", () => {
    const whole = run(noJournal, Number.POSITIVE_INFINITY);
    expect(whole).toMatchObject({ journal: noJournal, isActivated: true });
    expect(whole.told).toEqual(["fetched", "verified", "staged", "proved", "activated"]);
    let cuts = 0;
    for (let first = 0; ; first++) {
      const one = run(noJournal, first);
      if (one.isActivated) break;
      for (let second = 0; ; second++) {
        const two = run(one.journal, second);
        if (two.isActivated) break;
        const last = run(two.journal, Number.POSITIVE_INFINITY);
        expect(last).toMatchObject({ journal: noJournal, isActivated: true });
        expect(new Set([...one.told, ...two.told, ...last.told])).toEqual(new Set(whole.told));
        cuts += 1;
      }
    }
    expect(cuts).toBeGreaterThan(200);
  });

  it("a look always ends", () => {
    fc.assert(
      fc.property(anyJournal, (journal) => {
        const { journal: after } = run(journal, 100);
        expect(after.pending).toBeNull();
      }),
    );
  });
});
