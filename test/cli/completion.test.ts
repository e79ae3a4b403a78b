import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Argument, Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { hasProgram } from "../../scripts/mcu/toolchain.ts";
import { commandTable } from "../../src/cli/command-table.ts";
import {
  renderBashCompletion,
  renderFishCompletion,
  renderZshCompletion,
} from "../../src/cli/terminal/render-completion.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

const commands = [
  new Command("train")
    .option("-o, --out <dir>", "the bundle's folder")
    .option("--json", "one object")
    .addOption(new Option("--fault <kind>").choices(["inner", "outer"])),
  new Command("bundle")
    .addCommand(new Command("verify").option("--key <file>"))
    .addCommand(new Command("train").option("--deep")),
  new Command("plot").addArgument(new Argument("<kind>").choices(["line", "bar"])),
  new Command("check").argument("<file>").addArgument(new Argument("[kind]").choices(["page", "sheet"])),
];

/** The only file where the shells run. */
const file = "a-file";
const trainOptions = ["--fault", "--help", "--json", "--out"];

/** What stands before the cursor, and what may stand there. */
const lines: readonly [string, readonly string[]][] = [
  ["aurora ", ["bundle", "check", "help", "plot", "train"]],
  ["aurora bu", ["bundle"]],
  ["aurora bundle ", ["train", "verify"]],
  ["aurora bundle verify --k", ["--key"]],
  ["aurora train x.yaml --", trainOptions],
  ["aurora train ", [file]],
  // The value of an option, whatever it begins with, and what follows it.
  ["aurora train --fault ", ["inner", "outer"]],
  ["aurora train --fault o", ["outer"]],
  ["aurora train --json --out ", [file]],
  ["aurora train -o ", [file]],
  ["aurora train --fault outer --", trainOptions],
  ["aurora train --fault outer ", [file]],
  // A place is a place by where its words stand.
  ["aurora plot train --", ["--help"]],
  ["aurora train --out bundle --", trainOptions],
  ["aurora bundle train --", ["--deep", "--help"]],
  // Each argument has its own words.
  ["aurora plot ", ["bar", "line"]],
  ["aurora plot bar ", [file]],
  ["aurora check ", [file]],
  ["aurora check x.yaml ", ["page", "sheet"]],
  ["aurora help ", ["bundle", "check", "plot", "train"]],
  ["aurora help bundle ", ["train", "verify"]],
  ["aurora bundle help v", ["verify"]],
];

/** A home for a shell, with the file in a folder below it. */
function createHome(): string {
  const home = createTemporaryFolder();
  mkdirSync(join(home, "here"));
  writeFileSync(join(home, "here", file), "");
  return home;
}

/** Runs a shell; the words of each line that it prints, in order. */
function run(shell: string, words: readonly string[], home = createHome()): string[][] {
  const env = { PATH: process.env.PATH, HOME: home, ZDOTDIR: home, TERM: "dumb", LC_ALL: "C" };
  const printed = execFileSync(shell, words, {
    cwd: join(home, "here"),
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 120_000,
  });
  return printed
    .split("\n")
    .slice(0, -1)
    .map((line) =>
      line
        .split(" ")
        .filter((word) => word !== "")
        .sort(),
    );
}

/** What bash offers: what the function does, and files where that is nothing. `=` is a word of its own, as bash has it. */
function askBash(asked: readonly string[]): string[][] {
  const calls = asked.map((line) => {
    const words = line.split(/ |(?<==)|(?==)/);
    return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; ask`;
  });
  const script = [
    renderBashCompletion(commands),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is bash
    'ask() { _aurora; [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=(*); echo "${COMPREPLY[*]}"; }',
    ...calls,
  ];
  return run("bash", ["--norc", "-c", script.join("\n")]);
}

function askFish(asked: readonly string[]): string[][] {
  const calls = asked.map((line) => `echo (complete -C '${line}' | string split -f 1 \\t)`);
  return run("fish", ["--no-config", "-c", [renderFishCompletion(commands), ...calls].join("\n")]);
}

/** What the tab key offers in an interactive zsh, in a terminal of another zsh, that has the script by its name `_aurora` and begins with `setup`. */
function askZsh(asked: readonly string[], setup: string): string[][] {
  const home = createHome();
  writeFileSync(join(home, "_aurora"), renderZshCompletion(commands));
  writeFileSync(
    join(home, ".zshrc"),
    `${setup}
offer() {
  typeset -ga offers=()
  compadd() {
    # What only asks which words match adds none.
    if (( ! \${@[(I)-[ODA]]} )); then
      local -a matching
      builtin compadd -O matching "$@"
      offers+=("\${matching[@]}")
    fi
    builtin compadd "$@"
  }
  _main_complete
  unfunction compadd
  compstate[insert]="" compstate[list]=""
  print -r -- "<offers>$offers<end>"
}
zle -C offer complete-word offer
bindkey -e
bindkey '^I' offer
zle-line-init() { print "<ready>" }
zle -N zle-line-init
`,
  );
  const driver = `
zmodload zsh/zpty
zpty shell zsh -d -i
zpty -r shell text '*<ready>*'
for line in "$@"; do
  zpty -w -n shell $'\\C-U'"$line"$'\\t'
  zpty -r shell text '*<end>*'
  print -r -- "\${\${text##*<offers>}%%<end>*}"
done
zpty -d shell`;
  return run("zsh", ["-f", "-c", driver, "zsh", ...asked], home);
}

const afterEquals = "aurora train --fault=o";
const sourced = "source ~/_aurora";

const asked = lines.map(([line]) => line);
const expected = lines.map(([line, words]) => [line, words]);

function pair(answers: readonly string[][]): unknown[] {
  return answers.map((words, index) => [asked[index], words]);
}

test("bash offers what may stand at the cursor", () => {
  expect(pair(askBash(asked))).toEqual(expected);
});

test("bash offers the value after an equals sign too", () => {
  expect(askBash([afterEquals, "aurora train --fault="])).toEqual([["outer"], ["inner", "outer"]]);
});

describe.skipIf(!hasProgram("fish"))("fish (needs fish)", () => {
  test("it offers what may stand at the cursor", () => {
    expect(pair(askFish(asked))).toEqual(expected);
  });

  test("it offers the value after an equals sign too", () => {
    expect(askFish([afterEquals])).toEqual([["--fault=outer"]]);
  });

  test("it says what each word means, and an apostrophe does not end that", () => {
    const script = `${renderFishCompletion(commands)}\ncomplete -C 'aurora train --ou' | string split -f 2 \\t`;
    expect(run("fish", ["--no-config", "-c", script])).toEqual([["bundle's", "folder", "the"]]);
  });
});

describe.skipIf(!hasProgram("zsh"))("zsh (needs zsh)", () => {
  test("it offers what may stand at the cursor, without compinit before", () => {
    expect(pair(askZsh(asked, sourced))).toEqual(expected);
  });

  test("it offers the value after an equals sign too", () => {
    expect(askZsh([afterEquals], sourced)).toEqual([["outer"]]);
  });

  test("a script that it finds by its name answers at its first call", () => {
    const setup = "fpath=(~ $fpath); autoload -Uz compinit; compinit -D -u";
    const twice = ["aurora bu", "aurora plot "];
    expect(askZsh(twice, setup)).toEqual([["bundle"], ["bar", "line"]]);
  });
});

test("every command of the table can be loaded and is offered", async () => {
  const loaded = await Promise.all(commandTable.map(async (entry) => (await entry.load()).name(entry.name)));
  const script = renderBashCompletion(loaded);
  for (const { name } of commandTable) expect(script).toContain(`"${name}") offered="`);
});
