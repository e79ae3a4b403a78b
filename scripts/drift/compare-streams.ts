/** Table of detectors on SINE1 and MIXED: delay, false alarms, misses, bytes, processor time. */

import { ownCpuSeconds } from "../bench/process-cpu.ts";
import type { ChangeDetector } from "./detectors/change-detector.ts";
import { createHddmW } from "./detectors/hddm.ts";
import { drawStream, type LabelledRow, type StreamName, streamNames } from "./label-streams.ts";
import { type AskPeers, type ComparisonTable, mean, type PeerAnswer } from "./peer-answer.ts";
import { runPrequential } from "./prequential.ts";
import { createStreamDetector } from "./streams.ts";

const firstSeed = 12_000;

type StreamLine = Pick<
  PeerAnswer,
  "name" | "stream" | "streams" | "delay" | "falseAlarms" | "missed" | "seconds" | "bytes"
>;

/** Runs `count` streams of each kind. */
export async function compareStreams(count: number, ask: AskPeers): Promise<ComparisonTable> {
  const drawn = Object.fromEntries(
    streamNames.map((name) => [
      name,
      Array.from({ length: count }, (_, index) => drawStream(name, firstSeed + index)),
    ]),
  ) as Record<StreamName, (readonly LabelledRow[])[]>;
  const question = Object.fromEntries(
    streamNames.map((name) => [name, drawn[name].map((rows) => rows.map(({ x, label }) => [...x, label]))]),
  );
  const ours = streamNames.flatMap((name) => [
    runOurs("ours: e-detector", { name, drawn: drawn[name], create: createStreamDetector }),
    runOurs("our HDDM_W (comparison only)", { name, drawn: drawn[name], create: () => createHddmW() }),
  ]);
  const all: readonly StreamLine[] = [...ours, ...(await ask("peer_streams", question))];
  const rows = streamNames.flatMap((name) =>
    all
      .filter(({ stream }) => stream === name)
      .sort((a, b) => a.delay - b.delay)
      .map((line) => [
        `${name.toUpperCase()} · ${line.name}`,
        line.delay.toFixed(1),
        line.falseAlarms.toFixed(2),
        line.missed.toFixed(2),
        line.bytes === 0 ? "–" : line.bytes.toFixed(0),
        line.seconds.toFixed(2),
        String(line.streams),
      ]),
  );
  return {
    title: "Streams with known changes: 100,000 rows, four changes, a tenth of the labels wrong",
    header: [
      "detector",
      "delay, rows",
      "false alarms / 100k",
      "missed of 4",
      "bytes kept",
      "CPU s / 100k",
      "streams",
    ],
    rows,
  };
}

function runOurs(
  title: string,
  given: { name: StreamName; drawn: readonly (readonly LabelledRow[])[]; create: () => ChangeDetector },
): StreamLine {
  const scores = given.drawn.map((rows) => runPrequential(rows, given.create()));
  const errors = given.drawn[0]!.map((_, index) => (index % 8 === 0 ? 1 : 0));
  const alone = given.create();
  const started = ownCpuSeconds();
  for (const error of errors) alone.update(error);
  const seconds = ownCpuSeconds() - started;
  return {
    name: title,
    stream: given.name,
    streams: scores.length,
    delay: mean(scores.flatMap(({ delays }) => delays)),
    falseAlarms: mean(scores.map(({ falseAlarms }) => falseAlarms)),
    missed: mean(scores.map(({ missed }) => missed)),
    seconds,
    bytes: 8 * alone.size(),
  };
}
