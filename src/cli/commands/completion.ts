/** `aurora completion SHELL`: what the tab key should offer, made from the commands themselves, so that it cannot be out of date. */
import { Argument, Command } from "commander";
import { renderBashCompletion, renderFishCompletion } from "../terminal/render-completion.ts";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** A command that is not loaded yet. */
interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Command>;
}

/** Builds the command; `table` holds all commands. */
export function completionCommand(table: readonly CompletedCommand[]): Command {
  return new Command("completion")
    .addArgument(new Argument("<shell>", "which shell").choices(shells))
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora completion bash > ~/.local/share/bash-completion/completions/aurora\n  $ source <(aurora completion zsh)\n  $ aurora completion fish > ~/.config/fish/completions/aurora.fish\n",
    )
    .action(async (shell: Shell) => {
      const commands: Command[] = [];
      for (const entry of table) {
        commands.push((await entry.load()).name(entry.name).description(entry.description));
      }
      process.stdout.write(render(shell, commands));
    });
}

function render(shell: Shell, commands: readonly Command[]): string {
  switch (shell) {
    case "bash":
      return renderBashCompletion(commands);
    case "zsh":
      return `#compdef aurora\nautoload -U +X bashcompinit && bashcompinit\n${renderBashCompletion(commands)}`;
    case "fish":
      return renderFishCompletion(commands);
  }
}
