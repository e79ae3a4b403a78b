/** `aurora bundle …`: what is in a bundle, whether it is what was signed, and how it comes to gateways. */
import { Command } from "commander";
import { compareBundles } from "../../core/bundle/compare-bundles.ts";
import { loadTrustedKeys } from "../../core/bundle/keys.ts";
import { readBundle } from "../../core/bundle/verify-bundle.ts";
import { resignBundle } from "../../core/bundle/write-bundle.ts";
import { mcuModelFileName } from "../../core/contract/bundle/manifest.ts";
import { writeOutputFile } from "../../core/platform/files/atomic-file.ts";
import { printable } from "../../core/platform/printable.ts";
import { loadReleaseKey } from "../bundle/release-key.ts";
import { renderModelHeader } from "../device/render-model-header.ts";
import { releaseKeyFile } from "../installation.ts";
import { printIndented, printReply, printWords } from "../terminal/print-reply.ts";
import {
  checkSignedBundle,
  renderBundle,
  renderBundleCheck,
  renderChanges,
} from "../terminal/render-bundle.ts";
import { publishCommand } from "./bundle-publish.ts";
import { republishCommand } from "./bundle-republish.ts";

interface JsonOption {
  readonly json?: boolean;
}

export function bundleCommand(): Command {
  return new Command("bundle")
    .addCommand(inspectCommand())
    .addCommand(verifyCommand())
    .addCommand(signCommand())
    .addCommand(diffCommand())
    .addCommand(publishCommand())
    .addCommand(republishCommand())
    .addCommand(exportCommand())
    .addHelpText("after", "\nExample:\n  $ aurora bundle verify models/bearing-vibration/1.0.0\n");
}

function inspectCommand(): Command {
  return new Command("inspect")
    .description("show what a bundle is, and whose signature it bears; checks its digests, not the signature")
    .argument("<dir>", "the bundle's folder")
    .option("--json", "print its manifest and digest as JSON")
    .addHelpText("after", "\nExample:\n  $ aurora bundle inspect models/bearing-vibration/1.0.0\n")
    .action(async (dir: string, options: JsonOption) => {
      const bundle = await readBundle(dir);
      const { manifest, digest } = bundle;
      if (options.json === true) return printIndented({ digest, manifest });
      printWords(`${renderBundle(bundle)}\n`);
    });
}

function verifyCommand(): Command {
  return new Command("verify")
    .description(
      "check a bundle's signature and every byte of it, offline; exit code 1 if anything was changed",
    )
    .argument("<dir...>", "folders of bundles")
    .option(
      "--keys <path...>",
      "trusted public keys, files or folders (default: the release key of this installation)",
    )
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Its gate is not asked again: a bundle whose gate was not asked when it was written is good here too,
and called UNGATED.

Example:
  $ aurora bundle verify models/bearing-vibration/1.0.0
`,
    )
    .action(async (dirs: string[], options: JsonOption & { readonly keys?: string[] }) => {
      const keys = await loadTrustedKeys(options.keys ?? releaseKeyFile());
      const results = await Promise.all(dirs.map((dir) => checkSignedBundle(dir, keys)));
      if (results.some((result) => !result.ok)) process.exitCode = 1;
      if (options.json === true) return printIndented({ bundles: results });
      for (const result of results) {
        (result.ok ? process.stdout : process.stderr).write(printable(renderBundleCheck(result, keys)));
      }
    });
}

function signCommand(): Command {
  return new Command("sign")
    .description("sign a bundle with your own key; its content stays as it is, its old signatures go")
    .argument("<dir>", "the bundle's folder")
    .requiredOption("--key <file...>", "private key (several sign together)")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  $ aurora bundle sign my-bundle --key keys/release.key\n")
    .action(async (dir: string, options: JsonOption & { readonly key: string[] }) => {
      const signers = await Promise.all(options.key.map((path) => loadReleaseKey(path)));
      const bundle = await resignBundle(dir, signers);
      const signedBy = signers.map((signer) => signer.keyId);
      printReply(
        options.json,
        { dir, digest: bundle.digest, signedBy },
        () => `${dir}: signed by ${signedBy.join(", ")}\n`,
      );
    });
}

function diffCommand(): Command {
  return new Command("diff")
    .description("say in words and figures what differs between two bundles; exit code 0 either way")
    .argument("<before>", "folder of the one bundle")
    .argument("<after>", "folder of the other")
    .option("--json", "print the differences as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora bundle diff models/bearing-vibration/1.0.0 models/bearing-vibration/1.1.0\n",
    )
    .action(async (before: string, after: string, options: JsonOption) => {
      const [left, right] = [await readBundle(before), await readBundle(after)];
      const changes = compareBundles(left, right);
      const same = left.digest === right.digest;
      if (options.json === true) return printIndented({ same, changes });
      printWords(`${same ? "no difference" : renderChanges(changes)}\n`);
    });
}

function exportCommand(): Command {
  return new Command("export-c")
    .description("write a bundle's model for microcontrollers as a C header, to be linked into a firmware")
    .argument("<dir>", "the bundle's folder")
    .requiredOption("--out <file>", "header to write; a file that exists is replaced")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  $ aurora bundle export-c models/bearing-vibration/1.0.0 --out model_data.h\n",
    )
    .action(async (dir: string, options: JsonOption & { readonly out: string }) => {
      const bundle = await readBundle(dir);
      const text = renderModelHeader(bundle);
      await writeOutputFile(options.out, new TextEncoder().encode(text));
      const modelBytes = bundle.files.get(mcuModelFileName)!.length;
      const { name, version } = bundle.manifest;
      printReply(
        options.json,
        { out: options.out, modelBytes, digest: bundle.digest },
        () => `${options.out}: ${modelBytes} bytes of ${name}@${version}\n`,
      );
    });
}
