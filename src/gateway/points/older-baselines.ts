/**
 * Tells which healthy baselines of a turbine are older than what this gateway said of them last: an image of its disk was put back, and
 * a machine that was repaired meanwhile is held against what it was before. Changes none: whether it was, people know.
 */
import { z } from "zod";
import { onDemand } from "../../core/contract/on-demand.ts";
import { parseJsonText } from "../../core/platform/files/parse-json.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { StateStore } from "../record/state-store.ts";
import { baselineKey } from "./watch-keys.ts";

/** What a turbine's retained state says of its baselines. */
interface SaidBaselines {
  readonly site: string;
  readonly turbine: string;
  readonly baselines: readonly {
    readonly component: string;
    readonly version: number;
    readonly isProvisional?: boolean | undefined;
  }[];
}

interface OlderBaselinesOptions {
  readonly state: Pick<StateStore, "get">;
  readonly logger: Logger;
  readonly onEvent: (name: string, subject: string, detail: string) => void;
}

const versionSchema: () => z.ZodType<{ readonly version: number }> = onDemand(() =>
  z.object({ version: z.int().min(0) }),
);

/**
 * Holds what was said against what is kept; of what is not kept the point itself tells. A provisional one is refined before that is
 * written down, so that of such a one a power cut leaves an older version too.
 */
export function tellOlderBaselines(
  { site, turbine, baselines }: SaidBaselines,
  { state, logger, onEvent }: OlderBaselinesOptions,
): void {
  for (const { component, version, isProvisional = false } of baselines) {
    if (isProvisional) continue;
    const text = state.get(baselineKey({ site, turbine, component }));
    const kept = text === null ? undefined : versionSchema().safeParse(parseJsonText(text)).data;
    if (kept === undefined || kept.version >= version) continue;
    const detail =
      `the baseline that is kept is version ${kept.version}, and this gateway has had version ${version}: an image of its disk was put back. ` +
      `If the machine was changed since: aurora baseline renew ${turbine} ${component} --reason TEXT`;
    logger.warn(detail, { turbine, component });
    onEvent("baseline-older", `${turbine}/${component}`, detail);
  }
}
