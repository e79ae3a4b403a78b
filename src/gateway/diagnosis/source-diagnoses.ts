/**
 * What is wrong with one source of SCADA values, summed up from its faults: a finding a turbine and code, however many
 * registers are at fault, so that what is told has a bound. It is over when nothing of it was seen for a minute.
 */
import type { DeviceDiagnosis } from "../../core/contract/device/device-diagnosis.ts";
import {
  type SourceDiagnosisCode,
  type SourceFault,
  sourceDiagnosisCodes,
} from "../../core/contract/source-diagnosis.ts";
import type { DiagnosisVerdict } from "./device-facts.ts";
import {
  createDiagnosisLedger,
  type DiagnosisLedger,
  type DiagnosisNews,
  type DiagnosisTime,
} from "./diagnosis-ledger.ts";

interface SourceNews extends DiagnosisNews {
  /** Whose values it is about; null: those of all turbines of the source. */
  readonly turbine: string | null;
}

export interface SourceDiagnoses {
  /** Takes all faults that hold now; returns what is news. */
  update(faults: readonly SourceFault[], now: DiagnosisTime): readonly SourceNews[];
  /** What is wrong with the values of a turbine, worst first; nothing of one that the source does not speak of. */
  of(turbine: string): readonly DeviceDiagnosis[];
  /** Of all turbines, alike. */
  readonly all: readonly DeviceDiagnosis[];
}

/** Of more, their number is told. */
const namedSubjects = 5;

/** Creates the diagnoses of a source that nothing is wrong with. @param turbines that it speaks of */
export function createSourceDiagnoses(turbines: readonly string[]): SourceDiagnoses {
  const rules = { codes: sourceDiagnosisCodes, plain: [] };
  const open = (): DiagnosisLedger<SourceDiagnosisCode> => createDiagnosisLedger(rules);
  const whole = open();
  const own = new Map(turbines.map((turbine) => [turbine, open()]));
  const scopes = [[null, whole] as const, ...own];
  return {
    update: (faults, now) =>
      scopes.flatMap(([turbine, ledger]) =>
        ledger
          .update(judge(faults, turbine), now)
          .map(({ kind, diagnosis }): SourceNews => ({ kind, diagnosis, turbine })),
      ),
    of: (turbine) => {
      const ledger = own.get(turbine);
      return ledger === undefined ? [] : worstFirst([...whole.diagnoses, ...ledger.diagnoses]);
    },
    get all() {
      return worstFirst(scopes.flatMap(([, { diagnoses }]) => diagnoses));
    },
  };
}

function worstFirst(diagnoses: readonly DeviceDiagnosis[]): readonly DeviceDiagnosis[] {
  const codes: readonly string[] = sourceDiagnosisCodes;
  return diagnoses.toSorted((a, b) => codes.indexOf(a.code) - codes.indexOf(b.code));
}

function judge(
  faults: readonly SourceFault[],
  turbine: string | null,
): ReadonlyMap<SourceDiagnosisCode, DiagnosisVerdict> {
  const isCutOff = faults.some(({ code }) => code === "no-connection");
  return new Map(
    sourceDiagnosisCodes.map((code) => {
      // Without a connection nobody can say how a unit or a register is.
      if (isCutOff && code !== "no-connection") return [code, undefined];
      const mine = faults.filter((fault) => fault.code === code && fault.turbine === turbine);
      const [first] = mine;
      return [code, first === undefined ? null : { text: describe(code, mine), cure: first.cure }];
    }),
  );
}

function describe(code: SourceDiagnosisCode, faults: readonly SourceFault[]): string {
  const named = faults.slice(0, namedSubjects).map(({ subject, detail }) => `${subject}: ${detail}`);
  const more = faults.length - named.length;
  const listed = more > 0 ? `${named.join("; ")}; and ${more} more` : named.join("; ");
  switch (code) {
    case "no-connection":
      return `no ${listed}`;
    case "no-answer":
      return `no answer of ${listed}`;
    case "no-value":
      return `no value of ${listed}`;
    case "slow-poll":
    case "clock":
      return faults[0]!.detail;
  }
}
