import { expect, onTestFinished } from "vitest";
import type { MadeEvidence } from "../../collector/evidence/make-evidence.ts";
import {
  connectGateway,
  startTestFleet,
  type TestFleet,
  type TestGateway,
} from "../../collector/fleet-fixture.ts";
import { predictionBatch, turbineState } from "../../collector/fleet-records.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { auroraHere } from "../aurora.ts";

/** A collector with a gateway. */
export interface Place {
  readonly fleet: TestFleet;
  readonly url: string;
  readonly gateway: TestGateway;
  readonly folder: string;
  /** Runs `aurora evidence …` against the collector. */
  evidence(...args: readonly string[]): ReturnType<typeof auroraHere>;
  /** Sends it as a gateway does. */
  store(evidence: MadeEvidence): Promise<void>;
}

/** A collector, and a gateway that it has heard of two turbines from. */
export async function createPlace(changes: object = {}): Promise<Place> {
  const folder = createTemporaryFolder();
  const fleet = await startTestFleet(folder, {}, { evidence: { requests: true, ...changes } });
  onTestFinished(() => fleet.collector.close());
  const gateway = await connectGateway(fleet);
  onTestFinished(() => gateway.close());
  const { url } = fleet.collector;
  // Which gateway watches a turbine is known with what it sends of it.
  const rows = { rows: 2, stepMs: 1_000 };
  await gateway.send(...["wt-1", "wt-2"].map((turbine) => predictionBatch(turbine, Date.now(), rows)));
  for (const turbine of ["wt-1", "wt-2"])
    await gateway.publish(
      fleet.topics.state("north-sea", turbine),
      turbineState(turbine, Date.now(), fleet.digest),
    );
  const isWatched = async (): Promise<boolean> =>
    (await fleet.collector.record.turbines()).filter((row) => row.gateway === "gw-1").length === 2;
  await until(isWatched, "its turbines are known");
  return {
    fleet,
    url,
    gateway,
    folder,
    evidence: (...args) => auroraHere("evidence", ...args, "--collector", url),
    store: (evidence) => gateway.send(...evidence.pieces(60_000)),
  };
}

/** Expects a command to end with `code` and an error with its hint. */
export const wrong = async (
  finished: ReturnType<typeof auroraHere>,
  code: number,
  stderr: RegExp,
): Promise<void> => {
  const { code: ended, stderr: said, stdout } = await finished;
  expect([ended, stdout]).toEqual([code, expect.stringMatching(/^(|\{"error":\{"code":".*\}\}\n)$/)]);
  expect(said).toMatch(stderr);
  expect(said).toMatch(/^error: .*\nhint: .*\n$/);
};
