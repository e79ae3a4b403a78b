/** `aurora init`: writes a gateway's configuration that works, of a few answers. */
import { lstat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { Command } from "commander";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { renderComplaint } from "../../core/platform/daemon/config-error.ts";
import { makeFolder, replaceFile } from "../../core/platform/files/atomic-file.ts";
import { packageRoot } from "../../core/platform/files/package-root.ts";
import { printable } from "../../core/platform/printable.ts";
import { readGatewayFile } from "../../core/serving/gateway-file.ts";
import { bearingCatalogue } from "../bearing/bearing-catalogue.ts";
import { listDevices } from "../device/list-devices.ts";
import { type Ask, askAnswers } from "../init/ask-answers.ts";
import { type AnswerName, type InitQuestion, listQuestions } from "../init/init-answers.ts";
import { hasPipe, placeAnswers, readAnswers } from "../init/piped-answers.ts";
import { type InitExtras, renderGatewayFile } from "../init/render-gateway-file.ts";
import { resolveBearing } from "../init/resolve-bearing.ts";
import { installedSource } from "../installation.ts";
import { parseHttpPort, parseNumber } from "../terminal/options.ts";
import { printJson } from "../terminal/print-reply.ts";

/** Whoever writes answers into a pipe is a program. */
const maxPipeMs = 10_000;

type InitOptions = Readonly<Partial<Record<AnswerName, string>>> &
  InitExtras & { readonly yes?: boolean; readonly force?: boolean; readonly json?: boolean };

export function initCommand(): Command {
  const command = new Command("init").argument("[file]", "the file to write", "gateway.yaml");
  for (const { name, about } of listQuestions({ hostname: "", ports: [] })) {
    command.option(
      `--${name} <${name === "bearing" ? "orders" : name === "broker" ? "url" : "text"}>`,
      about,
    );
  }
  return command
    .option("--state-dir <dir>", "folder for the outbox, alarm states and model slots")
    .option("--http-port <port>", "port for health and metrics; 0 picks a free one", parseHttpPort)
    .option("--username <name>", "user name at the broker")
    .option("--password-file <file>", "file that holds the password at the broker")
    .option("--ca-file <file>", "authority (PEM) of the broker's certificate")
    .option("--cert-file <file>", "client certificate (PEM)")
    .option("--key-file <file>", "key of the client certificate (PEM)")
    .option("--ack-key-file <file>", "key of this gateway's enrolment")
    .option("--shaft-rpm <rpm>", "shaft speed to assume where the device sends none", parseNumber(1, 100_000))
    .option("-y, --yes", "ask nothing: flags and defaults only")
    .option("--force", "write over a file that is there")
    .option("--json", "print {file, device ports} as JSON; asks nothing")
    .addHelpText("after", help)
    .action(writeConfiguration);
}

const help = `
On a terminal what no flag says is asked for, with a default where there is one; by a pipe the
answers come a line each, in the order of the options above, an empty line for a default. The file
is checked before it is written, and written whole or not at all. Bearings of the catalogue, whose
geometry is published:
${bearingCatalogue.map(({ designation, source }) => `  ${designation.padEnd(9)} ${source}`).join("\n")}

Examples:
  $ aurora init
  $ aurora init /etc/aurora/gateway.yaml --site kelmarsh \\
      --connect tcp://10.0.0.5:4001 --bearing 6205-2RS --yes
  $ aurora init --site kelmarsh --connect mqtt --yes \\
      --bearing bpfo=3.58,bpfi=5.42,bsf=4.71,ftf=0.398
`;

async function writeConfiguration(file: string, options: InitOptions): Promise<void> {
  if (options.force !== true && (await lstat(file).catch(() => undefined)) !== undefined) {
    throw new AuroraError("USAGE", `${file} is there already`, {
      op: "write configuration",
      subject: file,
      hint: "Name another file, or write over it with --force.",
    });
  }
  const { serialPorts } = await listDevices(null);
  const ports = serialPorts.map(({ connect }) => connect);
  const questions = listQuestions({ hostname: hostname(), ports });
  const isSilent = options.yes === true || options.json === true;
  const terminal = process.stdin.isTTY === true && !isSilent ? openTerminal() : undefined;
  const given = terminal === undefined && !isSilent ? await takePipe(questions, options) : options;
  const answers = await askAnswers(questions, given, terminal?.ask).finally(() => terminal?.close());
  const bearing = resolveBearing(answers.bearing);
  if (!bearing.ok) throw new AuroraError("USAGE", bearing.error, { op: "write configuration" });
  const text = renderGatewayFile(answers, bearing.value, { ...options, ...wholePaths(options) });
  const read = readGatewayFile({ ...installedSource(file), environment: {} }, text);
  const findings = await read.check();
  if (findings.length > 0) throw read.refuse(findings);
  await makeFolder(dirname(file));
  // It holds no secret, and the service's user reads it, whatever the umask of whoever writes it.
  await replaceFile(file, text, { mode: 0o644 });
  for (const each of read.refuse(read.warnings()).complaints)
    process.stderr.write(printable(`warning: ${renderComplaint(each)}\n`));
  if (options.json) printJson({ file, serialPorts: ports });
  else {
    const next =
      packageRoot() === packagedRoot && resolve(file) === packagedFile
        ? ["sudo -u aurora aurora doctor", "sudo systemctl enable --now aurora-gateway"]
        : [`aurora doctor --config ${file}`, `aurora gateway --config ${file}`];
    process.stdout.write(`${file}: written. Next:\n${next.map((line) => `  ${line}\n`).join("")}`);
  }
}

/** Where the Debian package puts its program, and what its service reads. */
const packagedRoot = "/usr/lib/aurora-edge";
const packagedFile = "/etc/aurora/gateway.yaml";

const pathNames = ["stateDir", "passwordFile", "caFile", "certFile", "keyFile", "ackKeyFile"] as const;

/** Paths that hold in whatever folder the gateway is started. */
function wholePaths(options: InitOptions): Pick<InitExtras, (typeof pathNames)[number]> {
  const given = pathNames.flatMap((name) => {
    const path = options[name];
    return path === undefined || path === "" ? [] : [[name, resolve(path)] as const];
  });
  return Object.fromEntries(given);
}

/** What flags say, and what came by a pipe. */
async function takePipe(questions: readonly InitQuestion[], options: InitOptions): Promise<InitOptions> {
  if (questions.every(({ name }) => options[name] !== undefined) || !hasPipe(0)) return options;
  const text = await readAnswers(process.stdin, maxPipeMs);
  const op = "write configuration";
  if (text === null) {
    throw new AuroraError(
      "USAGE",
      `the answers on stdin did not come to an end within ${maxPipeMs / 1000} s`,
      {
        op,
        hint: "Close the pipe behind the last answer, or call it with --yes, which reads none.",
      },
    );
  }
  const placed = placeAnswers(questions, options, text);
  if (placed.ok) return { ...options, ...placed.value };
  const hint = "Write a line for each of them, an empty one for its default; nothing was written.";
  throw new AuroraError("USAGE", placed.error, { op, hint });
}

/** Lines that come before they are asked for, as pasted ones do, wait for their question. */
function openTerminal(): { readonly ask: Ask; close(): void } {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const lines: string[] = [];
  let isClosed = false;
  let wake = (): void => {};
  terminal.on("line", (line) => {
    lines.push(line);
    wake();
  });
  terminal.once("close", () => {
    isClosed = true;
    wake();
  });
  return {
    ask: async (question) => {
      terminal.setPrompt(question);
      terminal.prompt();
      if (lines.length === 0 && !isClosed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return lines.shift() ?? null;
    },
    close: () => terminal.close(),
  };
}
