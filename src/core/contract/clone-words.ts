/** What people are told of two gateways under one id, and of two that watch one turbine: at the gateways, at the collector and on its page. */

/** By what it shows, and what it may be. */
export const cloneSigns: string = "each ends the other's connection or overwrites its status: a copied card?";

export const cloneAdvice: string = "Give one of them an id and an enrolment of its own (gateway.id)";

/** Of two that watch one turbine. */
export const twinSigns: string = "publish its state by turns";

export const twinAdvice: string =
  "Take the turbine out of the configuration of one of them while the other runs, and restart that one; alarms that the other knows go on there, the rest end";

export function describeTwins(turbine: string, gateways: readonly string[]): string {
  const many = gateways.length === 2 ? "two" : String(gateways.length);
  return `${many} gateways watch ${turbine}: ${gateways.join(", ")}`;
}
