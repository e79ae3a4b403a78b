import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { chainStages } from "../../scripts/mcu/chain-stages.ts";
import { type Footprint, measureFootprint } from "../../scripts/mcu/footprint.ts";
import { measureChain } from "../../scripts/mcu/measure-chain.ts";
import { measureInference } from "../../scripts/mcu/measure-cost.ts";
import { renderChain } from "../../scripts/mcu/render-chain.ts";
import { coreCompiler, coreNames, firmwareFolder, runTool } from "../../scripts/mcu/toolchain.ts";
import { reasonToSkip } from "../mcu/skip-reason.ts";

/** Instructions on every core, modelled cycles on M4. */
const limits = {
  "m0 64-32-16-6": 30_000,
  "m3 64-32-16-6": 20_000,
  "m4 64-32-16-6": 5450,
  "m4 32-16-4": 1480,
};
/** Modelled cycles of the whole chain, a second of signal at 12 kHz. */
const chainLimits = { m4: 2_200_000, m7: 1_670_000 };
const reason = reasonToSkip("m4");

/** Measures at the first call, for the limits and for what the README says. */
function once<T>(measure: () => T): () => T {
  let measured: { readonly value: T } | undefined;
  return () => {
    measured ??= { value: measure() };
    return measured.value;
  };
}
const inference = once(measureInference);
const chain = once(() => measureChain());

describe.skipIf(reason !== null)(`the cost on a core${reason === null ? "" : ` (${reason})`}`, () => {
  test("of an inference stays within its limits", () => {
    const costs = new Map(
      inference().map((one) => [
        `${one.core} ${one.student}`,
        one.core === "m4" ? one.cycles! : one.instructions,
      ]),
    );
    for (const [what, limit] of Object.entries(limits))
      expect(costs.get(what), what).toBeLessThanOrEqual(limit);
  }, 300_000);

  test("of the whole chain stays within its limits, by stages that all take part", async () => {
    const costs = await chain();
    for (const { core, cycles, stages, fromFlash } of costs) {
      expect(cycles, core).toBeLessThanOrEqual(chainLimits[core]);
      for (const { stage } of chainStages) expect(stages[stage], `${core} ${stage}`).toBeGreaterThan(0);
      const waiting = fromFlash.filter(({ kind }) => kind === "plain").map((one) => one.cycles);
      expect(waiting).toEqual(waiting.toSorted((a, b) => a - b));
    }
    expect(costs.map(({ core }) => core)).toEqual(["m4", "m7"]);
  }, 300_000);
});

const readme = readFileSync(join(firmwareFolder(), "README.md"), "utf8");

/** Why the README's figures are not those of this machine's compiler, or null. */
function reasonToSkipFigures(): string | null {
  if (reason !== null) return reason;
  const named = /with GCC (\d+\.\d+)/.exec(readme)?.[1];
  const here = runTool(coreCompiler, ["-dumpfullversion"]).trim();
  return here.startsWith(`${named}.`) ? null : `the README names GCC ${named}, here is ${here}`;
}

/** What a table of the README says in a row, by columns. */
function readRow(what: string): readonly string[] {
  const row = readme.split("\n").find((line) => line.startsWith(`| ${what}`));
  if (row === undefined) throw new Error(`the README has no row that begins with ${what}`);
  return row.split("|").map((cell) => cell.replaceAll("*", "").trim());
}

const otherCompiler = reasonToSkipFigures();

describe.skipIf(otherCompiler !== null)(
  `the README of the firmware${otherCompiler === null ? "" : ` (${otherCompiler})`}`,
  () => {
    const count = (value: number): string => value.toLocaleString("en-US");

    test("says the cycles that are measured", async () => {
      const rendered = renderChain(await chain());
      const printed = (what: string): readonly string[] =>
        rendered
          .find((line) => line.trim().startsWith(`${what}  `))!
          .trim()
          .split(/ {2,}/)
          .slice(1);
      const columns = (what: string): readonly string[] => readRow(what).slice(2, 4);
      expect(columns("cycles |")).toEqual(printed("all"));
      expect(columns("cycles a sample |")).toEqual(printed("a sample"));
      const shares = ["share of 64 MHz", "share of 168 MHz"].map(printed);
      expect(columns("share of 64 MHz")).toEqual(
        [0, 1].map((core) => shares.map((of) => of[core]).join(", ")),
      );
      for (const [what, kind] of [
        ["more, from flash with 1, 2, 4 wait states", "plain"],
        ["more, from flash with an accelerator", "accelerated"],
      ] as const) {
        const more = [1, 2, 4].map((waits) => printed(`${waits}, ${kind}`)[1]!.replace(" % more", ""));
        expect(columns(what)[0], what).toBe(`${more.join(", ")} %`);
      }
      for (const part of ["nRF52832", "STM32F407"])
        expect(readme).toContain(`${printed(part)[0]} on an ${part}`);
      const cyclesOf = (student: string): string =>
        count(inference().find((one) => one.core === "m4" && one.student === student)!.cycles!);
      expect(readme).toContain(`an inference of 64-32-16-6 takes ${cyclesOf("64-32-16-6")} modelled cycles`);
      expect(readme).toContain(`32-16-4 ${cyclesOf("32-16-4")} (`);
    }, 300_000);

    test("says the sizes that are measured", () => {
      const [m0, m3, m4, m7] = coreNames.map(measureFootprint) as [
        Footprint,
        Footprint,
        Footprint,
        Footprint,
      ];
      const rows = {
        protocol: "protocol",
        slots: "slots, with",
        engine: "int8 engine",
        features: "features, limits",
        application: "application",
        board: "board `mps2`",
        library: "library (",
      } as const;
      for (const [part, label] of Object.entries(rows) as [keyof typeof rows, string][]) {
        const [, , ofM3, ofM4, ram] = readRow(label);
        const [flash, other] = [m4, m7].map(({ parts }) => count(parts[part].flashBytes));
        expect(ofM3, label).toBe(count(m3.parts[part].flashBytes));
        expect(ofM4, label).toBe(flash === other ? flash : `${flash} (M7: ${other})`);
        const { ramBytes } = m4.parts[part];
        expect(ram, label).toBe(ramBytes === 0 ? "" : count(ramBytes));
      }
      const runtime = ({ parts }: Footprint): string =>
        count(parts.protocol.flashBytes + parts.slots.flashBytes + parts.engine.flashBytes);
      expect(readRow("**these three**").slice(2, 4)).toEqual([runtime(m3), runtime(m4)]);
      const withStudent = ({ limits }: Footprint): string =>
        count(limits.find(({ what }) => what.includes("64-32-16-6"))!.bytes);
      expect(readRow("with a 64-32-16-6 model").slice(2, 4)).toEqual([withStudent(m3), withStudent(m4)]);
      const [protocol, slots, engine] = (["protocol", "slots", "engine"] as const).map((part) =>
        count(m0.parts[part].flashBytes),
      );
      expect(readme).toContain(
        `without a limit of flash: ${protocol}, ${slots} and, for speed, ${engine} bytes`,
      );
      const rest = m4.limits.find(({ what }) => what === "static RAM without features")!;
      expect(readme).toContain(
        `Static RAM without the features is ${count(rest.bytes)} of ${count(rest.limitBytes)}`,
      );
    }, 300_000);
  },
);
