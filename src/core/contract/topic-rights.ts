/**
 * Who may publish and subscribe to what, for the embedded broker's rules and for the access lists of others: each gateway
 * below its own names, a device with its gateway only, the collector what it answers.
 */

/** Topic filters. What is not covered by one is denied. */
export interface TopicRights {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** The rights of a gateway; one without a site may speak of any turbine. */
export function gatewayRights(base: string, gateway: string, site: string | null): TopicRights {
  const turbines = `${base}/turbine/${site ?? "+"}/+`;
  const own = `${base}/gateway/${gateway}`;
  return {
    publish: [
      `${turbines}/alert`,
      `${turbines}/state`,
      `${own}/status`,
      `${own}/up/+`,
      `${base}/device/${gateway}/+/rx`,
    ],
    subscribe: [
      `${own}/ack`,
      `${own}/desired`,
      `${own}/label`,
      `${own}/evidence`,
      `${own}/status`,
      // After its memory was lost: which alarms stand.
      `${turbines}/state`,
      `${base}/device/${gateway}/+/tx`,
    ],
  };
}

/** The rights of a device that speaks MQTT itself. */
export function deviceRights(base: string, gateway: string, device: string): TopicRights {
  const own = `${base}/device/${gateway}/${device}`;
  return { publish: [`${own}/tx`], subscribe: [`${own}/rx`] };
}

/**
 * The rights of whoever only reads what is told of turbines, and whether their gateways are there.
 * @param site null: of all sites, and then of all gateways
 * @param gateways of the site, also those that were revoked: their status says that they are offline
 */
export function readerRights(base: string, site: string | null, gateways: readonly string[]): TopicRights {
  const heard = site === null ? ["+"] : gateways;
  const statuses = heard.map((gateway) => `${base}/gateway/${gateway}/status`);
  return { publish: [], subscribe: [...toldOfTurbines(base, site), ...statuses] };
}

/** The rights of whoever gives no name, where the embedded broker lets him in. */
export function guestRights(base: string): TopicRights {
  return { publish: [], subscribe: toldOfTurbines(base, null) };
}

/**
 * The rights of a collector.
 * @param revoked ids of gateways that may say nothing any more: it says of them that they are offline
 */
export function collectorRights(base: string, revoked: readonly string[]): TopicRights {
  const gateways = `${base}/gateway/+`;
  return {
    publish: [
      `${gateways}/ack`,
      `${gateways}/desired`,
      `${gateways}/label`,
      `${gateways}/evidence`,
      ...revoked.map((gateway) => `${base}/gateway/${gateway}/status`),
    ],
    subscribe: [`${gateways}/up/+`, `${gateways}/status`, `${base}/turbine/+/+/state`],
  };
}

function toldOfTurbines(base: string, site: string | null): readonly string[] {
  const turbines = `${base}/turbine/${site ?? "+"}/+`;
  return [`${turbines}/alert`, `${turbines}/state`];
}
