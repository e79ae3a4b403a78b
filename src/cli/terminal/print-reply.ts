/** What a command has to say on stdout: one line of JSON where that is asked for (`--json`), words otherwise. */
export function printReply(json: boolean | undefined, value: unknown, render: () => string): void {
  process.stdout.write(json === true ? `${JSON.stringify(value)}\n` : render());
}
