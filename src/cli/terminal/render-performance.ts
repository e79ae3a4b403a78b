/** How well models decide, as text for a terminal: what people confirmed, what is estimated, and why nothing is where nothing is. */
import type {
  DriftPerformanceReply,
  PointPerformanceReply,
} from "../../core/contract/drift-performance-schema.ts";
import {
  describeEstimate,
  describeOutcomes,
  nameModel,
  performanceScope,
  sortPerformance,
} from "../../core/drift/performance-words.ts";
import { sayPoint } from "./render-drift.ts";

/** Points that are named one by one. */
const shownPoints = 12;
const namedPoints = 6;

/** Empty where there is nothing to be said. */
export function renderPerformance(reply: DriftPerformanceReply): string {
  const { models, points, assumption } = reply;
  if (models.length === 0 && points.length === 0) return "";
  const { estimated, silent } = sortPerformance(reply);
  const lines = [
    "",
    "How well the models decide",
    ...(models.length === 0 ? ["  confirmed  no outcome yet"] : []),
    ...models.map((model) => `  confirmed  ${nameModel(model, reply)}: ${describeOutcomes(model)}`),
    ...estimated
      .slice(0, shownPoints)
      .map((point) => `  estimated  ${sayPoint(point)}: ${describeEstimate(point)}`),
    ...(estimated.length > shownPoints
      ? [`  and ${estimated.length - shownPoints} more points, which may be better (--json has them)`]
      : []),
    ...silent.map(({ reason, points: ofReason }) => `  silent     ${listPoints(ofReason)}: ${reason}`),
    ...(estimated.length === 0 ? [] : [`  ${assumption} ${performanceScope}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function listPoints(points: readonly PointPerformanceReply[]): string {
  const named = points.slice(0, namedPoints).map(sayPoint).join("; ");
  return points.length > namedPoints ? `${named} and ${points.length - namedPoints} more` : named;
}
