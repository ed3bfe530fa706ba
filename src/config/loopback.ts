import { isIPv4, isIPv6 } from 'node:net';

/** Whether traffic to that host never leaves the machine. A name other than `localhost` is not trusted to. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost') return true;
  if (isIPv4(bare)) return bare.startsWith('127.');
  return isIPv6(bare) && /^(?:0*:)*:?0*1$/.test(bare);
}
