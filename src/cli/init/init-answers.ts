/** What `aurora init` asks: one table of flags, questions, defaults and checks, for people and for scripts alike. */

import { brokerUrlSchema } from "../../core/contract/config/config-parts.ts";
import { sayIssue } from "../../core/contract/config/describe-issue.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { bearingForms, resolveBearing } from "./resolve-bearing.ts";

/** All answers, checked. */
export interface InitAnswers {
  readonly gateway: string;
  readonly site: string;
  readonly turbine: string;
  readonly component: string;
  readonly device: string;
  readonly connect: string;
  readonly channel: string;
  readonly bearing: string;
  readonly broker: string;
}

export type AnswerName = keyof InitAnswers;

export interface InitQuestion {
  readonly name: AnswerName;
  readonly question: string;
  /** Of the flag's help. */
  readonly about: string;
  /** Null: it must be given. */
  readonly usual: string | null;
  check(text: string): Result<string, string>;
}

/** What this machine says of itself. */
interface InitSurroundings {
  readonly hostname: string;
  /** Stable names of serial devices that are plugged in. */
  readonly ports: readonly string[];
}

function checkId(text: string): Result<string, string> {
  if (idPattern.test(text)) return ok(text);
  return failed("letters, digits, dot, dash and underscore; at most 63; begins with a letter or digit");
}

function checkBroker(text: string): Result<string, string> {
  const read = brokerUrlSchema().safeParse(text);
  if (read.success) return ok(text);
  return failed(sayIssue(read.error.issues[0], text));
}

const connectPattern = /^(\/.{1,1023}|COM\d{1,3}|tcp:\/\/(\[[0-9A-Fa-f:]+\]|[^\s/:[\]]+):\d{1,5}|mqtt)$/;

/** The questions, in their order. */
export function listQuestions({ hostname, ports }: InitSurroundings): readonly InitQuestion[] {
  const id = (name: AnswerName, question: string, usual: string | null): InitQuestion => {
    return { name, question, about: question, usual, check: checkId };
  };
  const host = hostname.replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 63);
  const plugged = ports.length === 0 ? "" : ` (plugged in: ${ports.join(", ")})`;
  return [
    id("gateway", "Id of this gateway, unique in the fleet", idPattern.test(host) ? host : null),
    id("site", "Id of the site that its turbines stand on", null),
    id("turbine", "Id of the turbine", "WT01"),
    id("component", "Component whose bearing is watched", "generator-bearing"),
    id("device", "Id of the microcontroller, as it says hello", "mcu-1"),
    {
      name: "connect",
      question: `Where it is: a serial path, tcp://HOST:PORT or mqtt${plugged}`,
      about:
        "where it is: a serial path, tcp://HOST:PORT or mqtt (default: the serial device that is plugged in)",
      usual: ports.length === 1 ? ports[0]! : null,
      check: (text) =>
        connectPattern.test(text)
          ? ok(text)
          : failed("a serial path such as /dev/serial/by-id/..., tcp://HOST:PORT, or mqtt"),
    },
    {
      name: "channel",
      question: "Channel of it that carries the vibration",
      about: "channel of it that carries the vibration",
      usual: "accel-de",
      check: (text) => (/^\S{1,64}$/.test(text) ? ok(text) : failed("1 to 64 characters without a space")),
    },
    {
      name: "bearing",
      question: `The bearing: ${bearingForms}`,
      about: bearingForms,
      usual: null,
      check: (text) => {
        const read = resolveBearing(text);
        return read.ok ? ok(text) : failed(read.error);
      },
    },
    {
      name: "broker",
      question: "The MQTT broker",
      about: "the MQTT broker, mqtt://HOST:PORT or mqtts://HOST:PORT",
      usual: "mqtt://127.0.0.1:1883",
      check: checkBroker,
    },
  ];
}
