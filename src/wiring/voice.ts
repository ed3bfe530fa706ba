import { hostname } from 'node:os';
import type { RedisStore } from '../adapters/redis/store.ts';
import type { Voice } from '../app/voice.ts';
import { NO_VOICE, ONLY_VOICE, SharedVoice } from '../app/voice.ts';
import type { Config } from '../config.ts';
import { BOUNDS } from '../config/bounds.ts';
import type { Log } from '../observe/log.ts';

/**
 * Who speaks: a process that has its Redis for itself always does, one that only writes never does, and all others share the voice.
 *
 * @param slot of the audit log in the state directory: nobody else has it while this process lives.
 */
export function openVoice(
  { role, redis, stateDir }: Config,
  { store, slot, log }: { readonly store: RedisStore; readonly slot: number; readonly log: Log },
): { readonly voice: Voice; readonly shared: SharedVoice | undefined } {
  if (role === 'worker') return { voice: NO_VOICE, shared: undefined };
  if (redis === undefined) return { voice: ONLY_VOICE, shared: undefined };
  const shared = new SharedVoice({
    lease: store.lease,
    who: `${hostname()}:${stateDir}#${String(slot)}`,
    bounds: { leaseMs: BOUNDS.voiceLeaseMs, renewMs: BOUNDS.voiceRenewMs, marginMs: BOUNDS.voiceMarginMs },
    monotonic: () => performance.now(),
    log,
    aloneAtFirst: role === 'both',
  });
  return { voice: shared, shared };
}
