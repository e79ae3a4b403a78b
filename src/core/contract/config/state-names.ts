/**
 * What each daemon makes at the top of its state folder, by name: whoever makes or reads it takes the name from here, and by the
 * same names a start knows what daemons made there.
 */

type StateNames<Part extends string> = Readonly<Record<"record" | Part, string>>;

/** Of a gateway. What begins with the record's name is the record's: logs, locks, what was set aside. `access` holds a `GatewayAccess`. */
export const gatewayState: StateNames<"access" | "evidence" | "opcua" | "recordings" | "updates"> = {
  record: "gateway.db",
  access: "access.json",
  evidence: "evidence",
  opcua: "opcua",
  recordings: "recordings",
  updates: "updates",
};

/** Of a collector. `believed` is the time that was believed last, `doubted` for how long it has been doubted since. */
export const collectorState: StateNames<"believed" | "doubted" | "evidence" | "registry"> = {
  record: "collector.sqlite",
  believed: "clock.believed",
  doubted: "clock.doubted",
  evidence: "evidence",
  registry: "registry",
};
