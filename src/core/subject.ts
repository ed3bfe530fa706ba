import type { NodeKey } from './node.ts';
import { poolPath } from './node.ts';

/** Whether an object is of the host (short or full), service, data centre or DNS record that somebody named. */
export function matchesSubject(key: NodeKey, subject: string): boolean {
  const names = [key.host, key.host.split('.')[0], key.service, key.dc, poolPath(key)];
  return names.includes(subject);
}
