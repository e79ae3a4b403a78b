/** The gateway's configuration as `aurora init` writes it: only what was said, with a comment where one helps. */
import type { InitAnswers } from "./init-answers.ts";
import type { NamedBearing } from "./resolve-bearing.ts";

/** What is written beside the answers, each only where it was given. */
export interface InitExtras {
  readonly stateDir?: string;
  readonly httpPort?: number;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly ackKeyFile?: string;
  readonly shaftRpm?: number;
}

export function renderGatewayFile(answers: InitAnswers, bearing: NamedBearing, extras: InitExtras): string {
  const { bpfo, bpfi, bsf, ftf } = bearing.orders;
  const lines = [
    "# A gateway, as `aurora init` wrote it. Every key with its meaning:  aurora config schema",
    "# After a change:  aurora config validate FILE",
    "",
    "gateway:",
    ...key("  id", answers.gateway),
    ...key("  site", answers.site),
    ...key("  stateDir", extras.stateDir),
    ...key("  httpPort", extras.httpPort),
    "",
    "mqtt:",
    ...key("  url", answers.broker),
    ...(["username", "passwordFile", "caFile", "certFile", "keyFile"] as const).flatMap((name) =>
      key(`  ${name}`, extras[name]),
    ),
    ...(extras.ackKeyFile === undefined ? [] : ["", "uplink:", ...key("  ackKeyFile", extras.ackKeyFile)]),
    "",
    "devices:",
    ...key("  - id", answers.device),
    ...key("    connect", answers.connect),
    "",
    "turbines:",
    ...key("  - id", answers.turbine),
    "    points:",
    ...key("      - component", answers.component),
    ...key("        device", answers.device),
    ...key("        channel", answers.channel),
    `        # Orders of the shaft speed; ${bearing.origin}`,
    `        bearing: { bpfo: ${bpfo}, bpfi: ${bpfi}, bsf: ${bsf}, ftf: ${ftf} }`,
    ...key("        shaftRpm", extras.shaftRpm),
  ];
  return `${lines.join("\n")}\n`;
}

function key(name: string, value: string | number | undefined): readonly string[] {
  return value === undefined ? [] : [`${name}: ${typeof value === "number" ? value : scalar(value)}`];
}

/** Plain where YAML reads it as the same text, else in double quotes, in which YAML and JSON agree. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z/][A-Za-z0-9_./:@[\]-]*$/.test(text) && !text.endsWith(":");
  const isOther = /^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain && !isOther ? text : JSON.stringify(text);
}
