/** What the options of several commands share: numbers, and how a configuration is overridden. */
import { extname } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { isClosedToHttp } from "../../core/contract/config/config-parts.ts";
import { serialRates } from "../../core/contract/device/serial-rates.ts";
import { idPattern } from "../../core/contract/topics.ts";

/** Parser of an option that is a number from `min` to `max`; anything else is wrong usage. */
export function parseNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** As {@link parseNumber}, and whole. */
export function parseInteger(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = parseNumber(min, max)(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError("It must be a whole number.");
    return value;
  };
}

/** Parser of an option that is the port of a page; 0: any free one. */
export function parseHttpPort(text: string): number {
  const port = parseInteger(0, 65_535)(text);
  if (!isClosedToHttp(port)) return port;
  throw new InvalidArgumentError(
    "Browsers and commands open no page on this port, which is another service's.",
  );
}

/** The speed of a serial line, as a gateway opens it unless told otherwise. */
export function baudOption(): Option {
  const { min, max, usual } = serialRates;
  return new Option("--baud <rate>", "speed of a serial line")
    .argParser(parseInteger(min, max))
    .default(usual);
}

/** Parser of an option that is an id as topics have it: of a gateway, a device, a site. */
export function parseId(text: string): string {
  if (idPattern.test(text)) return text;
  throw new InvalidArgumentError(
    "Letters, digits, dot, dash and underscore; at most 63; begin with a letter or digit.",
  );
}

/** @throws AuroraError USAGE where the file for raw samples does not end in .npy */
export function expectNpyName(out: string, op: string): void {
  if (extname(out) === ".npy") return;
  throw new AuroraError("USAGE", `${out} does not end in .npy`, {
    op,
    subject: out,
    hint: "Name a file like samples.npy; samples.json is written beside it.",
  });
}

/** Parser of an option that is the name of a host. */
export function parseHost(text: string): string {
  if (/^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError("A host name or an IPv4 address, at most 63 characters.");
}

/** The configuration of the gateway that is a service of this machine. */
export const installedGatewayConfig = "/etc/aurora/gateway.yaml";

/** `--config` of what asks or examines one gateway of this machine: unless told otherwise, the one that is a service. */
export function gatewayConfigOption(): Option {
  return new Option(
    "-c, --config <file>",
    "configuration of the gateway; its state folder must be readable",
  ).default(installedGatewayConfig);
}

/** How a daemon's configuration is overridden, for the end of `--help`. */
export const environmentHelp: string = `
Every key of the file is also an environment variable: AURORA_, then its parts in capitals, joined
by two underscores, and the words of a part by one (mqtt.url is AURORA_MQTT__URL, gateway.httpPort
is AURORA_GATEWAY__HTTP_PORT, turbines[0].id is AURORA_TURBINES__0__ID). Where only a text belongs
the value is taken as it stands, without blanks or quotes around it (nothing, ~ and null are none);
everything else is read as YAML.
\`aurora config schema\` lists the keys.`;
