import { describe, expect, test } from "vitest";
import { faultKinds } from "../../../src/core/contract/bundle/bearing-fault.ts";
import { createHeardElsewhere } from "../../../src/core/explain/heard-elsewhere.ts";

const minuteMs = 60_000;
const nothing = { foreign: 0, own: 0 };
const ownLines = { foreign: 1, own: 2 };
const humAlone = { foreign: 2, own: 0 };

type Heard = readonly [minute: number, shaftRpm: number, found: typeof nothing];

/** Is a kind that was heard so silent at other speeds than that of the last window? */
function isSilent(...heard: readonly Heard[]): boolean {
  const elsewhere = createHeardElsewhere();
  const said = heard.map(([minute, shaftRpm, found]) => {
    const moment = { toMs: minute * minuteMs, shaftRpm };
    const silent = elsewhere.listSilent(moment);
    const foundOfAll = faultKinds.map(() => found);
    elsewhere.note(moment, foundOfAll);
    return silent;
  });
  // All kinds were heard alike.
  expect([[], faultKinds]).toContainEqual(said.at(-1));
  return said.at(-1)!.length > 0;
}
const times = (count: number, shaftRpm: number, found: typeof nothing, from = 0): Heard[] =>
  Array.from({ length: count }, (_, minute) => [from + minute, shaftRpm, found]);

describe("a kind was not to be heard at other speeds", () => {
  test("where three windows at other speeds show no line of its own", () => {
    expect(isSilent(...times(3, 1500, nothing), [9, 1217, humAlone])).toBe(true);
    const two: readonly Heard[] = [
      [0, 1500, nothing],
      [1, 1300, nothing],
    ];
    expect(isSilent(...two, [2, 1000, nothing], [9, 1217, humAlone])).toBe(true);
    // At so much slower a speed a fault may well be silent.
    expect(isSilent(...two, [2, 800, nothing], [9, 1217, humAlone])).toBe(false);
    expect(isSilent(...times(2, 1500, nothing), [9, 1217, humAlone])).toBe(false);
  });

  test("never by speeds at which what stands still may be in the same place", () => {
    expect(isSilent(...times(60, 1230, nothing), [99, 1217, humAlone])).toBe(false);
    expect(isSilent(...times(60, 1266, nothing), [99, 1217, humAlone])).toBe(true);
  });

  test("never where lines of its own show in more than a third of them, of late", () => {
    const mixed = (own: number, of: number): Heard[] =>
      Array.from({ length: of }, (_, minute) => [minute, 1500, minute % of < own ? ownLines : nothing]);
    expect(isSilent(...mixed(1, 3), [9, 1217, humAlone])).toBe(true);
    expect(isSilent(...mixed(2, 3), [9, 1217, humAlone])).toBe(false);
    // A fault that begins is not outweighed by all the windows before it.
    expect(
      isSilent(...times(200, 1500, nothing), ...times(12, 1500, ownLines, 200), [999, 1217, humAlone]),
    ).toBe(false);
  });

  test("never by windows in which foreign lines alone show", () => {
    expect(isSilent(...times(60, 1500, humAlone), [99, 1217, humAlone])).toBe(false);
  });

  test("nor by windows in which one line stands alone, of which nobody knows whose it is", () => {
    const alone = { foreign: 0, own: 1 };
    expect(isSilent(...times(60, 1500, alone), [99, 1217, humAlone])).toBe(false);
    expect(isSilent(...times(6, 1500, nothing), ...times(6, 1500, alone, 6), [99, 1217, humAlone])).toBe(
      true,
    );
  });

  test("which make what was told before weigh less, and do not renew it", () => {
    const alone = { foreign: 0, own: 1 };
    expect(isSilent(...times(12, 1500, nothing), ...times(60, 1500, alone, 12), [99, 1217, humAlone])).toBe(
      false,
    );
    // A few without a line among very many, at however many speeds.
    const rpms = [1300, 1350, 1400, 1450, 1500, 1550, 1600, 1650];
    const mixed = (noneOf: number): Heard[] =>
      Array.from({ length: 400 }, (_, minute) => {
        const round = Math.floor(minute / rpms.length);
        return [minute, rpms[minute % rpms.length]!, round % noneOf === 0 ? nothing : alone];
      });
    expect(isSilent(...mixed(12), [999, 1217, humAlone])).toBe(false);
    expect(isSilent(...mixed(2), [999, 1217, humAlone])).toBe(true);
    const day = 24 * 60;
    const renewed = [...times(12, 1500, nothing), ...times(3, 1500, alone, day)];
    expect(isSilent(...renewed, [day + 30, 1217, humAlone])).toBe(false);
  });

  test("for a day: after that a fault may have come, and a clock that went back knows nothing", () => {
    const day = 24 * 60;
    expect(isSilent(...times(3, 1500, nothing), [day, 1217, humAlone])).toBe(true);
    expect(isSilent(...times(3, 1500, nothing), [day + 3, 1217, humAlone])).toBe(false);
    expect(isSilent(...times(3, 1500, nothing, 60), [0, 1217, humAlone])).toBe(false);
  });

  test("for a day, whether or not somebody asked in between", () => {
    const elsewhere = createHeardElsewhere();
    const at = (minute: number, shaftRpm: number): { toMs: number; shaftRpm: number } => ({
      toMs: minute * minuteMs,
      shaftRpm,
    });
    const noteAll = (minute: number, found: typeof nothing): void =>
      elsewhere.note(
        at(minute, 1500),
        faultKinds.map(() => found),
      );
    for (let minute = 0; minute < 12; minute++) noteAll(minute, nothing);
    const days = 5 * 24 * 60;
    for (let minute = 0; minute < 3; minute++) noteAll(days + minute, ownLines);
    expect(elsewhere.listSilent(at(days + 9, 1700))).toEqual([]);
  });

  test("and a window that comes a little late takes nothing away", () => {
    const elsewhere = createHeardElsewhere();
    const noteAt = (toMs: number, shaftRpm: number): void =>
      elsewhere.note(
        { toMs, shaftRpm },
        faultKinds.map(() => nothing),
      );
    for (let minute = 0; minute < 12; minute++) noteAt(minute * minuteMs, 1500);
    expect(elsewhere.listSilent({ toMs: 11 * minuteMs - 2000, shaftRpm: 1217 })).toEqual([]);
    noteAt(11 * minuteMs - 2000, 1217);
    expect(elsewhere.listSilent({ toMs: 12 * minuteMs, shaftRpm: 1217 })).toEqual(faultKinds);
  });
});
