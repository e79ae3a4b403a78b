/** The life of an alarm, step by step, and who did which of its steps, as far as that is known. */
import { isWithheldState } from "../../core/contract/alarm-report.ts";
import type { AlarmState } from "../../core/contract/alert.ts";
import { minuteMs } from "../../core/maths/durations.ts";
import { type AlarmDeeds, isAfterGap, stateBefore } from "../fleet/alarm-deeds.ts";
import type { OverviewPage } from "../fleet/load-pages.ts";
import { html, type SafeHtml } from "./html.ts";
import { alarmStateWords, formatShare, formatUtc } from "./page-words.ts";

type Alarm = OverviewPage["alarms"]["items"][number];
type Step = Alarm["steps"][number];

/** Renders all steps that are known, each with the way to its event as it was published. */
export function renderLife(alarm: Alarm, deeds: AlarmDeeds): SafeHtml {
  const { steps } = alarm;
  return html`<details class="story" id="life-${alarm.alarm}"><summary>Life of this alarm, ${steps.length} ${steps.length === 1 ? "step" : "steps"}</summary>
    <ol class="life">${steps.map((step, index) => {
      // What came about among steps that are not here is no news of the one after them.
      const before = isAfterGap(steps, index) ? step.state : stateBefore(steps, index);
      const [verb, ...rest] = describeStep(step, before);
      const who = describeDoer(step, deeds);
      const words = [who === null ? verb : `${verb} ${who}`, ...rest].join(", ");
      const query = new URLSearchParams({ alarm: `${alarm.alarm}`, event: step.eventId });
      return html`<li><a href="/api/v1/alerts/events?${query.toString()}"><time datetime="${new Date(step.timeMs).toISOString()}">${formatUtc(step.timeMs)}</time></a> ${words}${words === verb ? "" : ","} at ${step.risk === null ? "a model's probability of" : "a risk of"} ${formatShare(step.risk ?? step.probability)}${renderArrival(step)}</li>`;
    })}</ol>
  </details>`;
}

/** When it came, where that is not when it says that it was. */
function renderArrival({ timeMs, receivedMs }: Step): SafeHtml | null {
  if (Math.abs(receivedMs - timeMs) < minuteMs) return null;
  return html` <span class="why">arrived <time datetime="${new Date(receivedMs).toISOString()}">${formatUtc(receivedMs)}</time></span>`;
}

/** Who brought it into the state in which it is, and until when where its event does not say; null: that is not known here. */
export function describeStateDoer(alarm: Alarm, deeds: AlarmDeeds): string | null {
  const { steps } = alarm;
  const { state, until } = alarm.event.data;
  const index = steps.findLastIndex((step, at) => step.state === state && stateBefore(steps, at) !== state);
  const before = stateBefore(steps, index);
  const doer = describeDoer(steps[index], deeds);
  const isShown = before !== null && isWithheldState(before) && !isWithheldState(state);
  const words = doer !== null && isShown ? `shown again ${doer}` : doer;
  return until === undefined ? words : (words?.replace(/, until [-\d]+ [:\d]+ UTC$/, "") ?? null);
}

/** What happened, and the alarm's state where that is another than before. */
function describeStep({ transition, state }: Step, before: AlarmState | null): readonly string[] {
  if (state === null || state === before || state === transition) return [transition];
  // Where it is not known how it was before, a withheld one is news all the same.
  if (before === null && !isWithheldState(state)) return [transition];
  const words = alarmStateWords[state];
  if (transition !== "updated") return [transition, words];
  const isShown = before !== null && isWithheldState(before) && !isWithheldState(state);
  return isShown ? ["shown again", words] : [words];
}

/** `by ana, until 2026-11-20 07:51:03 UTC`; null: that is not known. */
function describeDoer(step: Step | undefined, deeds: AlarmDeeds): string | null {
  const words = step && deeds.get(step);
  return words?.replace(/(\d)T([\d:]{8})\S*Z$/, "$1 $2 UTC") ?? null;
}
