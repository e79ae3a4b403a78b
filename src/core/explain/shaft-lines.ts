/**
 * Where harmonics of the shaft stand in a spectrum over its angle: at whole orders, as far off as the stated speed is wrong or
 * wanders while a window is heard. Cannot tell a harmonic from a fault whose line happens to stand there.
 */

/** By such a share the stated speed of a machine is wrong on an ordinary day, as that of an induction motor under load. */
const speedDeviation = 0.0045;
/** Half width of a line without its skirts, in reciprocals of the window's revolutions. */
const lineRevolutions = 1.2;
/** In a spectrum of fewer revolutions harmonics and their neighbours cannot be told apart. */
const fewestRevolutions = 30;

/** No line stands there. */
const noLines: readonly number[] = [];

/** Is the line within what a harmonic of the shaft may be off, in a spectrum of so many revolutions? */
export function standsOnShaft(order: number, revolutions: number): boolean {
  const harmonic = Math.round(order);
  const reach = lineRevolutions / revolutions + speedDeviation * harmonic;
  return harmonic >= 1 && revolutions >= fewestRevolutions && Math.abs(order - harmonic) <= reach;
}

/** The features whose line stands where a harmonic of the shaft may. `orders`: where, NaN for one that is of no one line. */
export function listShaftLines(orders: Float32Array, revolutions: number): readonly number[] {
  const columns: number[] = [];
  for (let column = 0; column < orders.length; column++) {
    if (standsOnShaft(orders[column]!, revolutions)) columns.push(column);
  }
  return columns.length === 0 ? noLines : columns;
}
