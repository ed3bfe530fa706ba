const NAMES: Readonly<Record<string, string>> = { irc: 'IRC', slack: 'Slack', console: 'console' };

/** `irc` -> `IRC`: a network as people call it. */
export function networkName(transport: string): string {
  return NAMES[transport] ?? transport;
}
