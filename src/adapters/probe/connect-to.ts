/** Where a connection goes in place of where it is meant for: what a test world, or a tunnel, needs. */
export interface ConnectTo {
  /** A full name, `*`, or `*.suffix`. */
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly toPort: number;
}

/** The address and port to connect to: those of the first rule that fits, else host and port themselves. */
export function addressOf(
  rules: readonly ConnectTo[],
  host: string,
  port: number,
): { readonly address: string; readonly port: number } {
  const rule = rules.find((one) => one.port === port && fits(one.host, host));
  return rule === undefined ? { address: host, port } : { address: rule.address, port: rule.toPort };
}

function fits(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}
