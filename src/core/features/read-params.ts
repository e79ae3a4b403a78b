/** Reads the parameters of chains and operators; whatever is missing, wrong or unknown is refused, and so is a spec of another catalogue. */
import { AuroraError } from "../contract/aurora-error.ts";
import {
  type FeatureDeclaration,
  type FeatureParameter,
  type FeatureSpec,
  featuresCatalogueVersion,
} from "../contract/bundle/feature-spec.ts";

/** Reads named parameters one by one. */
export interface ParamsReader {
  /** A finite number in `min … max`. */
  number(name: string, min: number, max: number): number;
  /** As {@link number}, and a whole one. */
  integer(name: string, min: number, max: number): number;
  /** One of `choices`. */
  choice<T extends string>(name: string, choices: readonly T[]): T;
  /** A text of 1 to 256 characters. */
  text(name: string): string;
  /** Refuses parameters that nobody asked for. */
  done(): void;
}

/** Creates a reader of `params`; `subject` names their owner in errors: "feature bpfi.h1". */
export function createParamsReader(
  params: Readonly<Record<string, FeatureParameter>>,
  subject: string,
): ParamsReader {
  const known = new Set<string>();
  const take = (name: string): FeatureParameter | undefined => {
    known.add(name);
    return Object.hasOwn(params, name) ? params[name] : undefined;
  };
  const number = (name: string, min: number, max: number): number => {
    const value = take(name);
    if (typeof value !== "number" || !(value >= min && value <= max)) {
      throw refuse(subject, `parameter "${name}" must be a number from ${min} to ${max}, got ${show(value)}`);
    }
    return value;
  };
  return {
    number,
    integer: (name, min, max) => {
      const value = number(name, min, max);
      if (!Number.isInteger(value)) throw refuse(subject, `parameter "${name}" must be whole, got ${value}`);
      return value;
    },
    choice: <T extends string>(name: string, choices: readonly T[]): T => {
      const value = take(name);
      const found = choices.find((choice) => choice === value);
      if (found === undefined) {
        throw refuse(subject, `parameter "${name}" must be one of ${choices.join(", ")}, got ${show(value)}`);
      }
      return found;
    },
    text: (name) => {
      const value = take(name);
      if (typeof value !== "string" || value.length === 0 || value.length > 256) {
        throw refuse(subject, `parameter "${name}" must be a text, got ${show(value)}`);
      }
      return value;
    },
    done: () => {
      for (const name of Object.keys(params)) {
        if (!known.has(name)) throw refuse(subject, `unknown parameter "${name}"`);
      }
    },
  };
}

/** @throws AuroraError BUNDLE_INCOMPATIBLE unless the spec is for the catalogue of this runtime. */
export function checkCatalogueVersion(spec: FeatureSpec): void {
  if (spec.catalogueVersion !== featuresCatalogueVersion) {
    throw refuse(
      "feature spec",
      `is for catalogue version ${spec.catalogueVersion}, this runtime has ${featuresCatalogueVersion}`,
    );
  }
}

/** The error that everything in a feature spec is refused with. */
export function refuse(subject: string, message: string): AuroraError {
  return new AuroraError("BUNDLE_INCOMPATIBLE", `${subject}: ${message}`, {
    op: "bind features",
    subject,
    hint: "Use a bundle that was made for this version of the runtime (train the model again with it), or update an older runtime.",
  });
}

/** The refusal of an operator that a chain kind does not have; it names those that it has. */
export function refuseOperator(
  { name, operator }: FeatureDeclaration,
  kind: string,
  known: readonly string[],
): AuroraError {
  return refuse(
    `feature ${name}`,
    `chain kind ${kind} has no operator "${operator}"; there are ${known.join(", ")}`,
  );
}

function show(value: FeatureParameter | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
