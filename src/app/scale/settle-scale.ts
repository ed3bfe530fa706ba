import type { Fault } from '../../core/fault.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { DeploymentSeen } from '../../core/scale/deployment.ts';
import type { ScaleIntent, ScaleStep } from '../../core/scale/step.ts';
import type { Parts } from '../parts.ts';

/** A step whose number may have been sent. */
export type SentStep = ScaleStep & { readonly intent: ScaleIntent };

/** What became of a number whose answer was lost. */
export type ScaleSettled =
  | { readonly kind: 'written'; readonly seen: DeploymentSeen }
  | { readonly kind: 'not-written'; readonly seen: DeploymentSeen }
  /** Somebody else's number stands there, or another deployment. */
  | { readonly kind: 'conflict'; readonly fault: Fault; readonly seen: DeploymentSeen };

/**
 * Finds out by reading. A number that is ours, counted up since the intent, was written; one that is as before and was not counted up was not. Anything else is
 * somebody else's and is never overwritten.
 *
 * @param name what people call the deployment.
 * @returns a Fault of the cluster when it cannot be read now.
 */
export async function settleScale(
  { kubernetes }: Parts,
  step: SentStep,
  name: string,
): Promise<Result<ScaleSettled>> {
  const { deployment, intent, from, to } = step;
  if (kubernetes === undefined) return fail({ kind: 'deployment-unknown', name, nearest: [], hasAny: false });
  const read = await kubernetes.deployment(deployment);
  if (!read.ok) return read;
  const seen = read.value;
  const isReplaced = seen.uid !== intent.uid;
  const isCounted = seen.generation > intent.generation;
  if (!isReplaced && seen.wanted === to && isCounted) return ok({ kind: 'written', seen });
  if (!isReplaced && seen.wanted === from && !isCounted) return ok({ kind: 'not-written', seen });
  const fault: Fault = {
    kind: 'scale-moved',
    deployment: name,
    cluster: deployment.cluster,
    shown: from,
    now: seen.wanted,
    by: seen.scaledBy?.manager,
    isReplaced,
  };
  return ok({ kind: 'conflict', fault, seen });
}
