/**
 * The life of an alarm, step by step, and which of its steps were people's: of who did one, and until when, the alert tells
 * nothing, but an event of its gateway. Where that is not at hand nobody is named.
 */
import { alarmEventNames, isWithheldState } from "../../core/contract/alarm-report.ts";
import type { AlarmState } from "../../core/contract/alert.ts";
import { isAfterGap, type OverviewPage } from "../fleet/load-pages.ts";
import { html, type SafeHtml } from "./html.ts";
import { alarmStateWords, formatShare, formatUtc } from "./page-words.ts";

type Alarm = OverviewPage["alarms"]["items"][number];
type Step = Alarm["steps"][number];
/** What is known of who did what. */
type AlarmPeople = Pick<OverviewPage, "people" | "turbines">;

/** What an alert tells of a step and the event of who did it lie no further apart. */
const togetherMs = 5_000;

/** Renders all steps that are known. */
export function renderLife(alarm: Alarm, people: AlarmPeople): SafeHtml {
  const { steps } = alarm;
  return html`<details class="story" id="life-${alarm.alarm}"><summary>Life of this alarm, ${steps.length} ${steps.length === 1 ? "step" : "steps"}</summary>
    <ol class="life">${steps.map((step, index) => {
      // What came about among steps that are not here is no news of the one after them.
      const before = isAfterGap(steps, index) ? step.state : stateBefore(steps, index);
      const [verb, ...rest] = describeStep(step, before);
      const who = describeDoer(alarm, index, people);
      const words = [who === null ? verb : `${verb} ${who}`, ...rest].join(", ");
      return html`<li><time datetime="${new Date(step.timeMs).toISOString()}">${formatUtc(step.timeMs)}</time> ${words}${words === verb ? "" : ","} at ${step.risk === null ? "a model's probability of" : "a risk of"} ${formatShare(step.risk ?? step.probability)}</li>`;
    })}</ol>
  </details>`;
}

/** Who brought it into the state in which it is, and until when; null: that is not known here. */
export function describeStateDoer(alarm: Alarm, people: AlarmPeople): string | null {
  const { steps } = alarm;
  const { state } = alarm.event.data;
  const begin = steps.findLastIndex(
    (step, index) => step.state === state && stateBefore(steps, index) !== state,
  );
  return describeDoer(alarm, begin, people);
}

/** The alarm's state before one of its steps; null: that is not known. */
function stateBefore(steps: readonly Step[], index: number): AlarmState | null {
  return isAfterGap(steps, index) ? null : (steps[index - 1]?.state ?? null);
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

/** `by ana, until 2026-11-20 07:51:03 UTC`, in the words of the gateway's event; null: there is none. */
function describeDoer(
  { event, steps }: Alarm,
  index: number,
  { people, turbines }: AlarmPeople,
): string | null {
  const step = steps[index];
  if (step === undefined) return null;
  const { site, turbine, component, failureMode } = event.data;
  const gateway = turbines.find((each) => each.site === site && each.turbine === turbine)?.gateway;
  const name = nameDeed(step, stateBefore(steps, index));
  const subject = `${turbine} ${component} ${failureMode}`;
  const distance = ({ believedMs }: { readonly believedMs: number }): number =>
    Math.abs(believedMs - step.timeMs);
  const [found] = people
    .filter((each) => each.gateway === gateway && each.name === name && each.subject === subject)
    .filter((each) => distance(each) <= togetherMs)
    .sort((a, b) => distance(a) - distance(b));
  return found?.detail.replace(/(\d)T([\d:]{8})\S*Z$/, "$1 $2 UTC") ?? null;
}

/** The event of who brought an alarm to where a step has it; null: of evidence there is none. */
function nameDeed({ transition, state }: Step, before: AlarmState | null): string | null {
  if (transition === "acknowledged") return alarmEventNames.acknowledge;
  if (transition !== "updated" || state === before) return null;
  if (state === "shelved") return alarmEventNames.shelve;
  if (state === "out-of-service") return alarmEventNames["remove-from-service"];
  if (before === "shelved") return alarmEventNames.unshelve;
  return before === "out-of-service" ? alarmEventNames["return-to-service"] : null;
}
