import { resolveSrv } from 'node:dns/promises';
import type { ConftoolFault } from '../../core/fault.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';

/**
 * The endpoints that a domain announces by the SRV records that conftool itself uses (`_etcd._tcp.DOMAIN`), in the order
 * to try: lowest priority first, and among equals the heavier first. They speak TLS.
 *
 * @param lookup DNS, for tests.
 * @returns Fault `conftool-unreachable` when there are none.
 */
export async function findEndpoints(
  domain: string,
  lookup: typeof resolveSrv = resolveSrv,
): Promise<Result<readonly string[], Extract<ConftoolFault, { kind: 'conftool-unreachable' }>>> {
  const name = `_etcd._tcp.${domain}`;
  try {
    const records = await lookup(name);
    if (records.length === 0)
      return fail({ kind: 'conftool-unreachable', endpoints: [name], cause: 'no SRV record' });
    const sorted = [...records].sort((a, b) => a.priority - b.priority || b.weight - a.weight);
    return ok(sorted.map((record) => `https://${record.name.replace(/\.$/, '')}:${String(record.port)}`));
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return fail({ kind: 'conftool-unreachable', endpoints: [name], cause });
  }
}
