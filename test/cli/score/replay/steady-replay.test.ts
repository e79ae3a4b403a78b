import { expect, test } from "vitest";
import { withBundle } from "../../../../src/cli/score/files/open-bundle.ts";
import { planReplay } from "../../../../src/cli/score/replay/plan-replay.ts";
import { replayRecordings } from "../../../../src/cli/score/replay/replay-recordings.ts";
import { createReplayedGateway } from "../../../../src/cli/score/replay/replayed-gateway.ts";
import { createDescriber } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { shippedBundle } from "../recordings.ts";
import { lifeFromMs, nameByTime, writeRecording } from "./invented-life.ts";

test("a fault is told for which nothing speaks but a line that keeps its hertz while the speed changes", async () => {
  const [rateHz, pumpHz] = [12_000, 92];
  const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
  const random = createRandom(7);
  const folder = createTemporaryFolder();
  // At each of these the pump's line is where one of the outer race is looked for.
  const input = [1512, 1526, 1541, 1550, 1518, 1533].map((shaftRpm, index) => {
    const timeMs = lifeFromMs + index * 600_000;
    const counts = Int16Array.from({ length: 3 * rateHz }, (_, at) => {
      const pulse = 1 + 0.12 * Math.cos((2 * Math.PI * pumpHz * at) / rateHz);
      return Math.round(300 * pulse * random.normal());
    });
    return writeRecording(folder, nameByTime(timeMs), {
      timeMs,
      counts,
      rateHz,
      shaftRpm,
      scale: 0.0005,
      bearing,
    });
  });
  const plan = await planReplay({
    input,
    manifest: null,
    points: [],
    course: null,
    describer: await createDescriber({}),
  });
  // Waits longer than two windows.
  const gateway = createReplayedGateway();
  const { points } = await withBundle(shippedBundle, (bundle) =>
    replayRecordings(bundle, {
      plan,
      gateway: { ...gateway, alarms: { ...gateway.alarms, falsePerTurbineYear: 0.001 } },
      addRows: () => Promise.resolve(),
      progress: () => {},
    }),
  );
  expect(points).toMatchObject([{ windows: 6, alarms: [], foreignModes: ["outer-race"] }]);
});
