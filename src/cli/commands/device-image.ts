/** `aurora device image`: the flash of a device with a bundle's model in it, for a programmer. */
import { dirname, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { idPattern } from "../../core/contract/topics.ts";
import { followLinks, writeOutputFile } from "../../core/platform/files/atomic-file.ts";
import { readDeviceKey } from "../../core/serving/device-image.ts";
import { readPushImage } from "../device/find-push-target.ts";
import { createFlashImage, type FlashLayout, renderIntelHex } from "../device/flash-image.ts";
import { releaseKeyFile } from "../installation.ts";
import { parseInteger } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";

interface DeviceImageFlags extends FlashLayout {
  readonly key: string;
  readonly out: string;
  readonly id?: string;
  readonly keys?: string[];
  readonly json?: boolean;
}

const parseAddress = parsePlace(parseInteger(0, 0xffff_ffff));
const parseSize = parsePlace(parseInteger(512, 0x1000_0000));

/** Builds the command `image`, to be put under `aurora device`. */
export function deviceImageCommand(): Command {
  return new Command("image")
    .description(
      "write a bundle's model as the flash of a device: in its first slot, authenticated, confirmed",
    )
    .argument("<bundle>", "the bundle's folder; its signature is checked")
    .requiredOption("--key <file>", "the device's key: 64 hexadecimal digits, or 32 bytes")
    .requiredOption(
      "--out <file>",
      "where it goes: .hex writes Intel HEX with addresses, any other name plain bytes",
    )
    .option("--slots-at <address>", "address of the first slot (0x… or decimal)", parseAddress, 0)
    .option("--slot-bytes <n>", "size of one slot, as board_start says", parseSize, 16_384)
    .option(
      "--flash-at <address>",
      "address at which the file begins (default: that of the slots)",
      parseAddress,
    )
    .option("--flash-bytes <n>", "size of the file in bytes (default: the two slots)", parseSize)
    .option("--identity-at <address>", "write id and key there too, as image.h lays them out", parseAddress)
    .option("--id <id>", "the device's id, with --identity-at")
    .option(
      "--keys <path...>",
      "trusted public keys, files or folders (default: the release key of this installation)",
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
What lies between is erased flash (0xFF). Whoever has the file with --identity-at has the device's
key: keep it as one.

Examples:
  $ aurora device image models/bearing-vibration/1.0.0 --key mcu-1.key \\
      --slots-at 0x08040000 --out slots.hex
  $ aurora device image models/bearing-vibration/1.0.0 --key mcu-1.key --out flash.bin \\
      --flash-at 0x22000000 --flash-bytes 0x2000000 --slots-at 0x22040000 --slot-bytes 0x40000 \\
      --identity-at 0x22000000 --id bench-1`,
    )
    .action(runDeviceImage);
}

async function runDeviceImage(dir: string, flags: DeviceImageFlags): Promise<void> {
  const { out, id } = flags;
  if ((flags.identityAt === undefined) !== (id === undefined) || (id !== undefined && !idPattern.test(id))) {
    throw new AuroraError(
      "USAGE",
      "--identity-at and --id go together, and an id has letters, digits, . _ -",
      {
        op: "write flash image",
        subject: out,
        hint: "Leave both out where the board keeps its identity in a form of its own.",
      },
    );
  }
  await refuseSource(out, { dir, key: flags.key });
  const { image, sha256 } = await readPushImage(dir, flags.keys ?? [releaseKeyFile()]);
  const model = { image: image.bytes, securityCounter: image.securityCounter };
  const key = await readDeviceKey(flags.key);
  const flash = createFlashImage(flags, { key, model, ...(id === undefined ? {} : { deviceId: id }) });
  const isHex = /\.hex$/i.test(out);
  await writeOutputFile(out, isHex ? renderIntelHex(flash) : flash.bytes);
  const { address, bytes } = flash;
  const said = {
    out,
    format: isHex ? "ihex" : "bin",
    address,
    bytes: bytes.length,
    slotsAt: flags.slotsAt,
    slotBytes: flags.slotBytes,
    model: { name: image.name, version: image.version, bytes: image.bytes.length, sha256 },
  };
  printReply(
    flags.json,
    said,
    () =>
      `${out}: ${image.name} ${image.version} in the slot at 0x${flags.slotsAt.toString(16)}, ${bytes.length} bytes of flash from 0x${address.toString(16)}\n`,
  );
}

/** A device's key is often the only copy, and a bundle with another file is no bundle any more: neither is written over. */
async function refuseSource(
  out: string,
  { dir, key }: { readonly dir: string; readonly key: string },
): Promise<void> {
  const target = resolve(await followLinks(out));
  const isKey = target === resolve(await followLinks(key));
  const isInBundle = (await followLinks(dirname(target))) === resolve(await followLinks(dir));
  if (!isKey && !isInBundle) return;
  throw new AuroraError("USAGE", isKey ? `${out} is the device's key` : `${out} would lie in the bundle`, {
    op: "write flash image",
    subject: out,
    hint: "Name another file under --out: what the image is made of is not written over.",
  });
}

/** Refuses 08040000, which is an address without its 0x, or a decimal number that nobody writes so: one of them flashes elsewhere. */
function parsePlace(parse: (text: string) => number): (text: string) => number {
  return (text) => {
    if (/^0\d/.test(text.trim()))
      throw new InvalidArgumentError(
        `It has zeros in front: write 0x${text.trim()}, or decimal digits without them.`,
      );
    return parse(text);
  };
}
