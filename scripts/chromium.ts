/** Where Chromium is, and how pictures and tests start it. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Undefined: there is none, and tests that need it are skipped. */
export const chromiumPath: string | undefined = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find(existsSync);

const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts it; the caller closes it. */
export function launchChromium(executablePath: string = chromiumPath!): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args });
}
