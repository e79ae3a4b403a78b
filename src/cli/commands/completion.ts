/** `aurora completion SHELL`: what the tab key should offer, made from the commands themselves, so that it cannot be out of date. */
import { Argument, Command } from "commander";
import {
  renderBashCompletion,
  renderFishCompletion,
  renderZshCompletion,
} from "../terminal/render-completion.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** Builds the command; `loadAll` loads every command there is. */
export function completionCommand(loadAll: () => Promise<readonly Command[]>): Command {
  return new Command("completion")
    .addArgument(new Argument("<shell>", "which shell").choices(shells))
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora completion bash > ~/.local/share/bash-completion/completions/aurora\n  $ source <(aurora completion zsh)\n  $ aurora completion fish > ~/.config/fish/completions/aurora.fish\n",
    )
    .action(async (shell: Shell) => {
      process.stdout.write(render(shell, await loadAll()));
    });
}

function render(shell: Shell, commands: readonly Command[]): string {
  switch (shell) {
    case "bash":
      return renderBashCompletion(commands);
    case "zsh":
      return renderZshCompletion(commands);
    case "fish":
      return renderFishCompletion(commands);
  }
}
