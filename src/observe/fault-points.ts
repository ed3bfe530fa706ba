import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultPoint, FaultPoints } from '../core/fault-point.ts';
import { FAULT_POINTS, noFaultPoints } from '../core/fault-point.ts';

const LOOK_EVERY_MS = 10;

interface Trap {
  readonly point: FaultPoint;
  readonly act: { readonly kind: 'kill' | 'stop' } | { readonly kind: 'wait'; readonly path: string };
  /** Which pass springs it, from 1. */
  readonly pass: number;
}

/**
 * Arms fault points for a crash test. Each trap springs once.
 *
 * @param spec `POINT=ACTION`, several separated by `;`. Actions: `kill` (SIGKILL to this process), `stop` (SIGSTOP: it goes on after
 *   SIGCONT), `wait:/path` (makes `/path.waits` to tell that it is there, and goes on when `/path` is). A `:2` at the end means the second pass. Undefined arms nothing.
 * @throws when the specification cannot be read: a crash test that arms nothing would pass for the wrong reason.
 */
export function armFaultPoints(spec: string | undefined): FaultPoints {
  if (spec === undefined) return noFaultPoints;
  const traps = spec.split(';').map(readTrap);
  const passes = new Map<FaultPoint, number>();
  return (point) => {
    const pass = (passes.get(point) ?? 0) + 1;
    passes.set(point, pass);
    const trap = traps.find((one) => one.point === point && one.pass === pass);
    return trap === undefined ? undefined : spring(trap);
  };
}

function readTrap(text: string): Trap {
  const match = /^([a-z-]+)=(kill|stop|wait:(\/[^:]*))(?::([1-9]\d*))?$/.exec(text.trim());
  const point = FAULT_POINTS.find((name) => name === match?.[1]);
  if (match === null || point === undefined) throw new Error(`not a fault point and action: '${text}'`);
  const [, , action, path, pass] = match;
  return {
    point,
    act: path === undefined ? { kind: action === 'kill' ? 'kill' : 'stop' } : { kind: 'wait', path },
    pass: Number(pass ?? 1),
  };
}

async function spring({ act }: Trap): Promise<void> {
  switch (act.kind) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      // The signal is delivered at once, but nothing after this line may run even if it is not.
      return new Promise<void>(() => undefined);
    case 'stop':
      process.kill(process.pid, 'SIGSTOP');
      return undefined;
    case 'wait':
      writeFileSync(`${act.path}.waits`, '');
      while (!existsSync(act.path)) await sleep(LOOK_EVERY_MS);
      return undefined;
  }
}
