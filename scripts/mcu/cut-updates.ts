/**
 * Cuts the power of a virtual board during updates: at each `stride`-th flash operation, the first half of which still
 * happens. After every cut the old or the new model must run, and the update must come to its end.
 */
import { closeSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openBoardSession } from "./board-session.ts";
import { createMcuImage, mcuImageOffsets } from "./mcu-image.ts";
import { createTestModel } from "./test-models.ts";
import {
  type BoardKind,
  startVirtualBoard,
  type VirtualBoard,
  type VirtualBoardOptions,
} from "./virtual-board.ts";

/** What was counted. */
export interface CutCounts {
  readonly kind: BoardKind;
  readonly line: VirtualBoardOptions["line"];
  /** Flash operations of one undisturbed update, and cuts made. */
  readonly operations: number;
  readonly cuts: number;
  /** Starts after a cut with the old and the new model. */
  readonly bootedOld: number;
  readonly bootedNew: number;
  /** Updates that did not begin anew after a cut. */
  readonly resumed: number;
  /** What must not happen, in words. */
  readonly violations: readonly string[];
}

/** What came of one push. */
interface PushSeen {
  /** Version that ran when the board was reached. */
  readonly version: string;
  readonly outcome: string;
  readonly reason: string;
  /** Where it began to send. */
  readonly offset: number;
}

const key = Uint8Array.from({ length: 32 }, (_, index) => 7 * index);

/** How to cut. */
export interface CutOptions extends Pick<VirtualBoardOptions, "kind" | "program" | "folder" | "line"> {
  /** Of the flash operations, each `stride`-th is cut. */
  readonly stride: number;
}

/** Runs updates with cuts on boards of this kind. */
export async function cutUpdates(options: CutOptions): Promise<CutCounts> {
  const { kind, program, folder, line, stride } = options;
  const old = createTestModel("1.0.0", 1);
  const next = createTestModel("1.0.1", 2);
  const imagePath = join(folder, `cut-${kind}`);
  const violations: string[] = [];
  let [bootedOld, bootedNew, resumed, cuts] = [0, 0, 0, 0];

  const start = (): Promise<VirtualBoard> => startVirtualBoard({ kind, program, imagePath, line, folder });
  const prepare = (cutAt: number): void => {
    const base = { deviceId: "cut", key, sampleRateHz: 12_000, scale: 0.001, shaftRpm: 1800 };
    const image = createMcuImage({
      ...base,
      counts: new Int16Array(0),
      model: { image: old.image.bytes, securityCounter: old.image.securityCounter },
      cut: { operation: cutAt, bytes: 90 },
    });
    writeFileSync(imagePath, image);
  };
  /** Pushes to a running board until the push or the board ends. */
  const push = async (board: VirtualBoard): Promise<PushSeen> => {
    const gateway = await openBoardSession(board.address);
    try {
      const hello = await gateway.hello;
      const pushed = gateway.push(next.image, key, next.probes);
      const result = await Promise.race([pushed, board.ended.then(() => undefined)]);
      const { outcome, reason } = result ?? { outcome: "cut", reason: "" };
      return { version: hello.modelVersion ?? "none", outcome, reason, offset: result?.startOffsets[0] ?? 0 };
    } finally {
      await gateway.close();
    }
  };

  prepare(0);
  const undisturbed = await start();
  const whole = await push(undisturbed);
  await undisturbed.stop();
  if (whole.outcome !== "confirmed")
    violations.push(`an undisturbed update was ${whole.outcome}: ${whole.reason}`);
  const operations = readOperations(imagePath);
  for (let cutAt = 1; cutAt <= operations; cutAt += stride) {
    prepare(cutAt);
    const cut = await start();
    const first = await push(cut);
    await cut.stop();
    if ((await cut.ended) !== 3)
      violations.push(`operation ${cutAt}: no cut, the update was ${first.outcome}`);
    cuts++;
    forgetCut(imagePath);
    const again = await start();
    const second = await push(again);
    await again.stop();
    if (second.version === old.image.version) bootedOld++;
    else if (second.version === next.image.version) bootedNew++;
    else violations.push(`operation ${cutAt}: ${second.version} runs`);
    if (second.offset > 0) resumed++;
    if (second.outcome !== "confirmed" && second.outcome !== "already-runs")
      violations.push(`operation ${cutAt}: the update was ${second.outcome}`);
  }
  if (cuts === 0) violations.push("an update without a flash operation: nothing was cut");
  return { kind, line, operations, cuts, bootedOld, bootedNew, resumed, violations };
}

/** Flash operations that the board has counted since its start. */
function readOperations(imagePath: string): number {
  const bytes = Buffer.alloc(4);
  const file = openSync(imagePath, "r");
  readSync(file, bytes, 0, 4, mcuImageOffsets.workbench + 16);
  closeSync(file);
  return bytes.readUInt32LE();
}

function forgetCut(imagePath: string): void {
  const file = openSync(imagePath, "r+");
  writeSync(file, Buffer.alloc(4), 0, 4, mcuImageOffsets.workbench + 8);
  closeSync(file);
}
