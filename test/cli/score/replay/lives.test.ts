/** Two sets of real bearings' lives can be replayed by a manifest; skipped, with a word, where the data are not there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeIms, describePronostia } from "../../../../scripts/bench/life-manifests.ts";
import { planLives } from "../../../../scripts/bench/replay-lives.ts";
import { withBundle } from "../../../../src/cli/score/files/open-bundle.ts";
import { replayRecordings } from "../../../../src/cli/score/replay/replay-recordings.ts";
import { createReplayedGateway } from "../../../../src/cli/score/replay/replayed-gateway.ts";
import { dataFolder } from "../../../support/data-folder.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { shippedBundle } from "../recordings.ts";

const hasData = ["ims", "pronostia"].every((name) => existsSync(join(dataFolder, name, "index.json")));
const title = (text: string): string =>
  hasData ? text : `${text} (skipped: no ims and pronostia in ${dataFolder}; set AURORA_DATA)`;

it.skipIf(!hasData)(title("six lives are planned snapshot by snapshot"), async () => {
  const { recordings, points, errors } = await planLives(
    await describePronostia(dataFolder),
    createTemporaryFolder(),
  );
  expect(errors).toEqual([]);
  expect(points).toHaveLength(6);
  expect(recordings).toHaveLength(2803 + 871 + 911 + 797 + 515 + 1637);
  expect(recordings[0]!.description.sidecar).toMatchObject({ rateHz: 25_600, bearing: { bpfo: 5.611 } });
});

it.skipIf(!hasData)(title("of eight channels none raises in its healthy hours"), async () => {
  const made = await planLives(await describeIms(dataFolder), createTemporaryFolder());
  expect(made.errors).toEqual([]);
  expect(made.recordings).toHaveLength(8 * 50 + 2 * 6);
  const endMs = Date.UTC(2003, 10, 1);
  const healthy = { ...made, recordings: made.recordings.filter(({ timeMs }) => timeMs < endMs) };
  const { points, errors } = await withBundle(shippedBundle, (bundle) =>
    replayRecordings(bundle, {
      plan: healthy,
      gateway: createReplayedGateway(),
      addRows: () => Promise.resolve(),
      progress: () => {},
    }),
  );
  expect(errors).toEqual([]);
  expect(points.map(({ point, recordings, alarms }) => [point, recordings, alarms])).toEqual(
    ["b1x", "b1y", "b2x", "b2y", "b3x", "b3y", "b4x", "b4y"].map((point) => [point, 50, []]),
  );
});
