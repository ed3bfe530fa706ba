import type { Fault } from '../../core/fault.ts';
import type { DeploymentSeen, ScaleSeen } from '../../core/scale/deployment.ts';
import type { ScaleResult } from '../../core/scale/step.ts';
import type { Parts } from '../parts.ts';
import type { SentStep } from './settle-scale.ts';
import { settleScale } from './settle-scale.ts';

/** What came of setting a number. */
export type ScaleOutcome =
  | { readonly kind: 'written'; readonly result: ScaleResult }
  | { readonly kind: 'conflict'; readonly fault: Fault }
  /** Certainly not written. */
  | { readonly kind: 'failed'; readonly fault: Fault }
  /** May be written or not. */
  | { readonly kind: 'uncertain'; readonly fault: Fault };

/** A server that wants a longer pause is told of instead: somebody waits in chat. */
const LONGEST_PAUSE_MS = 3_000;
/** Reports of status move the version all the time: so often it is looked again before giving up. */
const MOST_TRIES = 6;

/**
 * Sets a number whose intent is journaled, by compare-and-swap. A version that has moved is looked at before anybody is blamed, and an answer that was
 * lost is looked up: the number is sent again only while the deployment is as it was.
 *
 * @param seen the deployment as of the check before.
 * @param name what people call it.
 */
export async function writeScale(
  parts: Parts,
  step: SentStep,
  seen: DeploymentSeen,
  name: string,
): Promise<ScaleOutcome> {
  const { kubernetes, clock, settings } = parts;
  if (kubernetes === undefined) return { kind: 'failed', fault: { kind: 'shutting-down' } };
  const { cluster } = step.deployment;
  let at: ScaleSeen = { uid: seen.uid, resourceVersion: seen.resourceVersion, replicas: seen.wanted };
  let doubt: string | undefined;
  let last: Fault = { kind: 'cluster-conflict', cluster };
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const written = await kubernetes.setScale(step.deployment, at, step.to);
    if (written.ok) {
      await parts.faultPoint('after-write');
      return { kind: 'written', result: { readBackAt: clock.now(), ready: seen.ready, how: 'written' } };
    }
    last = written.fault;
    if (last.kind === 'cluster-unclear') doubt = last.cause;
    const pause = pauseAfter(last, settings.bounds.writeRetryMs);
    if (pause === undefined) break;
    if (pause > 0) await clock.sleep(pause);
    const settled = await settleScale(parts, step, name);
    if (!settled.ok) {
      if (doubt === undefined && settled.fault.kind !== 'cluster-silent')
        return { kind: 'failed', fault: settled.fault };
      continue;
    }
    const { value } = settled;
    if (value.kind === 'written')
      return {
        kind: 'written',
        result: { readBackAt: clock.now(), ready: value.seen.ready, how: 'already' },
      };
    if (value.kind === 'conflict') return { kind: 'conflict', fault: value.fault };
    at = {
      uid: value.seen.uid,
      resourceVersion: value.seen.resourceVersion,
      replicas: value.seen.wanted,
    };
    // What was lost did not happen, and cannot any more unless the version is still the same: then it would be this very write.
  }
  if (doubt === undefined) return { kind: 'failed', fault: last };
  return {
    kind: 'uncertain',
    fault: { kind: 'scale-unknown', deployment: name, cluster, wanted: step.to, cause: doubt },
  };
}

/** How long to wait before looking again; undefined when another try would not help. */
function pauseAfter(fault: Fault, retryMs: number): number | undefined {
  switch (fault.kind) {
    case 'cluster-conflict':
      return 0;
    case 'cluster-busy':
      return fault.afterMs <= LONGEST_PAUSE_MS ? fault.afterMs : undefined;
    case 'cluster-unclear':
    case 'cluster-silent':
      return retryMs;
    default:
      return undefined;
  }
}
