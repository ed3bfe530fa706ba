import { ok } from '../../core/result.ts';
import type { Claim, Lease } from '../../ports/lease.ts';
import { KEYS } from './keys.ts';
import type { Link } from './link.ts';

/** The lease of the voice, kept in Redis. */
export function leaseOn(link: Link): Lease {
  const call = (who: string, forMs: number, isNew: boolean): ReturnType<Link['lease']> =>
    link.lease({ keys: [KEYS.voice, KEYS.voices], argv: [who, String(forMs), isNew ? '1' : '0'] });
  return {
    claim: async (who, { forMs, isNew }) => {
      const reply = await call(who, forMs, isNew);
      return reply.ok ? ok(readClaim(reply.value)) : reply;
    },
    release: async (who) => {
      await call(who, 0, false);
    },
  };
}

function readClaim([kind, value, others]: readonly unknown[]): Claim {
  return kind === 'held'
    ? { kind, epoch: Number(value), others: Number(others) }
    : { kind: 'other', holder: String(value) };
}
