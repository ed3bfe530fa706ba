import { poolPath } from './node.ts';
import type { NodeOperation, Operation } from './operation.ts';
import { isOnNodes, linesOf } from './operation.ts';

/** Writes that are in flight at the same time, of one operation or of several. */
export const MOST_IN_FLIGHT = 8;

/**
 * Whether an operation is one write that may be made beside those of others in one turn of its service's line, as far as its shape tells: one object, one
 * step, nothing to wait for, no host that must be asked first whether it serves, nobody overruled. Whether its rule allows it (`pace`), and whether the floor holds for whichever of the writes have happened, is
 * judged with everything else.
 */
export function isSingleWrite({ state, plan, steps, request }: NodeOperation): boolean {
  return (
    state === 'queued' &&
    steps.length === 1 &&
    steps.every(({ from, to }) => !(from.pooled !== 'yes' && to.pooled === 'yes')) &&
    plan.undoes === undefined &&
    plan.drainMs === undefined &&
    plan.everyService === undefined &&
    request.breakGlass === undefined &&
    linesOf(request).length === 1
  );
}

/**
 * Those that may be written in the same turn as the first of the line: the next ones, in their order, up to the first that may not. Nobody is overtaken.
 *
 * @param behind who stands behind it; undefined for one that is gone.
 */
export function ridersOf(
  first: NodeOperation,
  behind: readonly (Operation | undefined)[],
): readonly NodeOperation[] {
  const [step] = first.steps;
  if (step === undefined || !isSingleWrite(first)) return [];
  const pool = poolPath(step.key);
  const hosts = new Set([step.key.host]);
  const riders: NodeOperation[] = [];
  for (const operation of behind) {
    if (operation === undefined || !isOnNodes(operation) || !isSingleWrite(operation)) break;
    const [own] = operation.steps;
    if (own === undefined || poolPath(own.key) !== pool || hosts.has(own.key.host)) break;
    hosts.add(own.key.host);
    riders.push(operation);
  }
  return riders.slice(0, MOST_IN_FLIGHT - 1);
}
