import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterFault } from '../../core/fault.ts';
import type { Result } from '../../core/result.ts';
import { ok } from '../../core/result.ts';
import type { DeploymentSeen } from '../../core/scale/deployment.ts';
import { readWatchEvent } from './read.ts';

/** How a deployment is looked at. */
export interface Watching {
  readonly read: () => Promise<Result<DeploymentSeen>>;
  readonly watch: (
    resourceVersion: string,
    signal: AbortSignal,
  ) => Promise<Result<AsyncGenerator<unknown, void, undefined>, ClusterFault>>;
  /** Before it is looked at again after trouble. */
  readonly betweenMs: number;
}

/** What another try would not change. */
const FINAL = new Set(['cluster-unauthorized', 'cluster-forbidden', 'cluster-absent', 'cluster-invalid']);

/** Reads, then watches from there; what breaks the watch, a forgotten version too, is gone over by reading again. */
export async function followDeployment(
  watching: Watching,
  until: (seen: DeploymentSeen) => boolean,
  { withinMs, signal }: { readonly withinMs: number; readonly signal?: AbortSignal },
): Promise<Result<DeploymentSeen | undefined>> {
  // One controller of our own: signals that are combined may be collected as garbage before they tell.
  const over = new AbortController();
  const end = (): void => {
    over.abort();
  };
  const timer = setTimeout(end, withinMs);
  signal?.addEventListener('abort', end);
  try {
    return await followUntil(watching, until, over.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
    end();
  }
}

async function followUntil(
  watching: Watching,
  until: (seen: DeploymentSeen) => boolean,
  over: AbortSignal,
): Promise<Result<DeploymentSeen | undefined>> {
  let last: DeploymentSeen | undefined;
  while (!over.aborted) {
    const seen = await watching.read();
    if (!seen.ok && FINAL.has(seen.fault.kind)) return seen;
    if (seen.ok) {
      last = seen.value;
      if (until(last)) return ok(last);
      const next = await watchOnce(watching, last, until, over);
      last = next.seen;
      if (next.isOver) return ok(last);
    }
    await sleep(watching.betweenMs, undefined, { signal: over }).catch(() => undefined);
  }
  return ok(last);
}

/** Until the watch ends, however that is. */
async function watchOnce(
  { watch }: Watching,
  from: DeploymentSeen,
  until: (seen: DeploymentSeen) => boolean,
  over: AbortSignal,
): Promise<{ readonly seen: DeploymentSeen; readonly isOver: boolean }> {
  let seen = from;
  const opened = await watch(from.resourceVersion, over);
  if (!opened.ok) return { seen, isOver: false };
  try {
    // Leaving the loop closes the connection.
    for await (const event of opened.value) {
      const read = readWatchEvent(event);
      if (read === 'forgotten' || read === 'gone') break;
      if (read === undefined) continue;
      seen = read;
      if (until(seen)) return { seen, isOver: true };
    }
  } catch {
    // A cut connection, or the time is up.
  }
  return { seen, isOver: false };
}
