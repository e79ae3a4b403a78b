// The documents that help, hints and errors name or an operator needs, and what these link to: by their paths in a checkout,
// which they keep in every package.
export const shippedDocuments = [
  "firmware-bridge/PROTOCOL.md",
  "firmware-bridge/mcu/MODEL_FORMAT.md",
  "firmware-bridge/mcu/README.md",
  "firmware-bridge/proto/device.proto",
  "src/ERRORS.md",
  "src/INTERFACES.md",
  "src/KEYS.md",
  "src/SCALING.md",
  "src/adr/0020-a-key-a-device.md",
  "src/adr/0057-the-devices-chain-four-sums-at-once.md",
  "src/core/wire/uplink.proto",
];
