/** How a daemon's configuration is overridden, for the end of `--help`. */
export const environmentHelp: string = `
Every key of the file is also an environment variable: AURORA_, then its parts in capitals, joined by two underscores
(mqtt.url is AURORA_MQTT__URL, turbines[0].id is AURORA_TURBINES__0__ID). \`aurora config schema\` lists the keys.`;
