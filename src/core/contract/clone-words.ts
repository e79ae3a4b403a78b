/** What people are told of two gateways under one id: at the gateways, at the collector and on its page. */

/** By what it shows, and what it may be. */
export const cloneSigns: string = "each ends the other's connection or overwrites its status: a copied card?";

export const cloneAdvice: string = "Give one of them an id and an enrolment of its own (gateway.id)";
