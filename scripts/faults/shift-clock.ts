/** Loaded before a daemon (`node --import`): its calendar's clock is off by so many milliseconds. What runs is not told. */
const offsetMs = Number(process.env.AURORA_FAULTS_CLOCK_OFFSET_MS ?? 0);
const RealDate = Date;

/** As the clock of a board without a battery. */
class ShiftedDate extends RealDate {
  constructor(...values: [] | [number | string]) {
    if (values.length === 0) super(RealDate.now() + offsetMs);
    else super(...values);
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

globalThis.Date = new Proxy(ShiftedDate, {
  construct: (_target, values: [], newTarget) =>
    values.length === 0 ? new ShiftedDate() : Reflect.construct(RealDate, values, newTarget),
}) as unknown as DateConstructor;
