import { execFileSync } from "node:child_process";
import { Command } from "commander";
import { expect, test } from "vitest";
import { commandTable } from "../../src/cli/command-table.ts";
import { renderBashCompletion, renderFishCompletion } from "../../src/cli/terminal/render-completion.ts";

const commands = [
  new Command("train").option("--out <dir>", "the bundle's folder").option("--json", "one object"),
  new Command("bundle")
    .addCommand(new Command("verify").option("--key <file>"))
    .addCommand(new Command("diff")),
];

/** What bash offers for the words before the cursor, of which the last is being typed. */
function complete(words: readonly string[]): string[] {
  const script = [
    renderBashCompletion(commands),
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})`,
    `COMP_CWORD=${words.length - 1}`,
    "_aurora",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is bash
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join("\n");
  return execFileSync("bash", ["--norc", "-c", script], { encoding: "utf8" }).trim().split("\n");
}

test("bash offers commands, those below them, and the options of the one at hand", () => {
  expect(complete(["aurora", ""])).toEqual(["train", "bundle", "--help", "--version"]);
  expect(complete(["aurora", "b"])).toEqual(["bundle"]);
  expect(complete(["aurora", "bundle", ""])).toEqual(["verify", "diff", "--help"]);
  expect(complete(["aurora", "bundle", "verify", "--k"])).toEqual(["--key"]);
  expect(complete(["aurora", "train", "a.yaml", "--"])).toEqual(["--out", "--json", "--help"]);
});

test("nothing is offered where a file is meant, so that the shell completes files", () => {
  expect(complete(["aurora", "train", "mod"])).toEqual([""]);
});

test("fish is told what each word means, and an apostrophe does not end it", () => {
  const script = renderFishCompletion(commands);
  expect(script).toContain(
    "complete -c aurora -n '__fish_seen_subcommand_from train' -l out -d 'the bundle\\'s folder'",
  );
  expect(script).toContain(
    "complete -c aurora -n '__fish_seen_subcommand_from bundle; and not __fish_seen_subcommand_from verify diff' -f -a verify",
  );
});

test("every command of the table can be loaded and is offered", async () => {
  const loaded = await Promise.all(commandTable.map(async (entry) => (await entry.load()).name(entry.name)));
  const script = renderBashCompletion(loaded);
  for (const { name } of commandTable) expect(script).toContain(`"${name}") words=`);
});
