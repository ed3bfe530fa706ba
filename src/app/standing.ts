import type { Suspension } from '../core/suspension.ts';
import type { Brakes } from './brakes.ts';
import { readBrakes } from './brakes.ts';
import { readWritten } from './judge-again.ts';
import type { Parts } from './parts.ts';
import type { SharedReads } from './shared-reads.ts';

/** What holds for whatever is asked at the moment. */
export interface Standing {
  readonly brakes: Brakes;
  readonly suspensions: readonly Suspension[];
  /** Objects that everybody has written lately. */
  readonly written: number;
}

/** The brakes, and how much everybody has written lately. Without the journal nobody is suspended and nothing was written: nothing can be written then either. */
export function readStanding(parts: Parts, shared: SharedReads): Promise<Standing> {
  return shared.read('standing', () => readBoth(parts));
}

async function readBoth(parts: Parts): Promise<Standing> {
  const [brakes, written] = await Promise.all([readBrakes(parts), readWritten(parts)]);
  const { standing } = brakes;
  return {
    brakes,
    suspensions: standing.ok ? standing.value.suspensions : [],
    written: written.ok ? written.value : 0,
  };
}
