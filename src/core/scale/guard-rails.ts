import type { Fault } from '../fault.ts';
import type { Override } from '../override.ts';
import type { DeploymentNow, DeploymentSettings } from './facts.ts';

/** The most that may go at once, of what is asked for now. */
const MOST_CUT = 0.2;
/** Above the highest load of the last day: what a day like any other may bring, and what a pod that restarts leaves to the others. */
const PEAK_HEADROOM = 1.25;
/** A large cut that no metrics speak for wants so many people to agree. */
const APPROVALS_WITHOUT_METRICS = 2;

/** One number that is to change. */
export interface WantedNumber {
  readonly after: number;
  readonly now: DeploymentNow;
  readonly settings: DeploymentSettings;
}

/**
 * What no plan may do to the number of pods, going back included: outside the configured bounds, against an autoscaler, a cut that is too large or that the
 * highest load of the last day speaks against. Without metrics a large cut is not refused here: see `approvalsWanted`.
 *
 * @param overrides `floor` lets a cut pass.
 */
export function guardNumber(
  { after, now, settings }: WantedNumber,
  overrides: readonly Override[],
): Fault | undefined {
  const { name, min, max } = settings;
  const { cluster } = now.key;
  if (after < min || after > max)
    return { kind: 'scale-range', deployment: name, cluster, wanted: after, min, max };
  const [autoscaler] = now.autoscalers;
  if (autoscaler !== undefined)
    return {
      kind: 'scale-autoscaled',
      deployment: name,
      cluster,
      autoscaler: autoscaler.name,
      min: autoscaler.min,
      max: autoscaler.max,
    };
  return overrides.includes('floor') ? undefined : guardCut({ after, now, settings });
}

function guardCut({ after, now, settings }: WantedNumber): Fault | undefined {
  const { name } = settings;
  const { key, seen, load } = now;
  const { cluster } = key;
  if (after >= seen.wanted) return undefined;
  const needs = podsForPeak({ now, settings });
  if (needs === undefined || load === undefined) return undefined;
  const least = Math.max(leastAtOnce(seen.wanted), settings.min, needs);
  const cut = { deployment: name, cluster, before: seen.wanted, after, least };
  if (after < needs)
    return {
      kind: 'scale-below-peak',
      ...cut,
      peakRps: load.peakRps,
      needs,
      rpsPerPod: settings.rpsPerPod ?? 0,
      headroom: PEAK_HEADROOM,
    };
  return isLargeCut(seen.wanted, after)
    ? { kind: 'scale-cut', ...cut, mostPercent: 100 * MOST_CUT }
    : undefined;
}

/** How many pods the highest load of the last day wants, with room; undefined when nobody can tell. */
export function podsForPeak({ now, settings }: Omit<WantedNumber, 'after'>): number | undefined {
  const { rpsPerPod } = settings;
  if (rpsPerPod === undefined || now.load === undefined) return undefined;
  return Math.ceil((now.load.peakRps * PEAK_HEADROOM) / rpsPerPod);
}

/** How many people must agree at least: more for a large cut that nothing measured speaks for. */
export function approvalsWanted(numbers: readonly WantedNumber[]): number {
  const isBlind = numbers.some(
    (one) => podsForPeak(one) === undefined && isLargeCut(one.now.seen.wanted, one.after),
  );
  return isBlind ? APPROVALS_WITHOUT_METRICS : 0;
}

function isLargeCut(before: number, after: number): boolean {
  return before - after > MOST_CUT * before;
}

/** The smallest number that is no large cut. */
function leastAtOnce(before: number): number {
  return Math.ceil(before * (1 - MOST_CUT) - 1e-9);
}
