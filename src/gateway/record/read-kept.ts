/** What an earlier run kept as JSON under a key, of a component by its name; what is damaged is as good as none, and said in the log. */
import type { z } from "zod";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import type { PointId } from "../../core/contract/stream.ts";
import { parseJsonText } from "../../core/platform/files/parse-json.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { changedText, type StateStore } from "./state-store.ts";

/** Where something is kept of. */
export type KeptPlace = Omit<PointId, "site">;

/** Under which name, in its keys and its lists, something of a component is kept. Never changed: what the last run left is found by it. */
export function nameComponent({ turbine, component }: KeptPlace): string {
  return `${turbine}/${component}`;
}

/** What is read. */
interface KeptValue<T> {
  readonly key: string;
  readonly schema: z.ZodType<T>;
  readonly logger: Logger;
  /** It is there, and cannot be read. */
  onLost?(): void;
}

/** The value, or undefined where there is none or, after `onLost`, where it is not of the schema's form. */
export function readKept<T>(state: Pick<StateStore, "get">, kept: KeptValue<T>): T | undefined {
  const { key, schema, logger } = kept;
  const text = state.get(key);
  if (text === null) return undefined;
  const json = parseJsonText(text);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const noJson = text === changedText ? "the disk has changed it" : "it is no JSON";
  const detail = json === undefined ? noJson : sayIssue(parsed.error.issues[0], json);
  logger.error("what the last run kept cannot be read, starting without it", { kept: key, detail });
  kept.onLost?.();
  return undefined;
}
