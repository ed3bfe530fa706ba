import type { Fault } from '../core/fault.ts';
import { fail } from '../core/result.ts';
import type { Audit } from '../ports/audit.ts';
import type { Queue } from '../ports/queue.ts';
import type { Store } from '../ports/store.ts';

const FAULT: Fault = { kind: 'store-unreachable', cause: 'not asked' };

/** Journal, queue and log for a tool that asks none of them: every method says that it is not there. */
export function absentParts(): { readonly store: Store; readonly queue: Queue; readonly audit: Audit } {
  const absent = new Proxy({}, { get: () => () => Promise.resolve(fail(FAULT)) });
  return { store: absent as Store, queue: absent as Queue, audit: absent as Audit };
}
