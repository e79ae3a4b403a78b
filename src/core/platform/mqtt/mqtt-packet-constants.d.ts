/** What is used of a part of `mqtt-packet` that has no types of its own. */
declare module "mqtt-packet/constants.js" {
  const constants: {
    /** Reason codes of PUBACK and PUBREC that the codec takes, by number. */
    readonly MQTT5_PUBACK_PUBREC_CODES: Record<number, string>;
  };
  export = constants;
}
