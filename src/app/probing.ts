import type { Fault } from '../core/fault.ts';
import type { NodeKey, NodeState } from '../core/node.ts';
import { nodePath } from '../core/node.ts';
import type { PlanNote } from '../core/node-plan.ts';
import type { ProbeResult } from '../core/probe.ts';
import { probesFor } from '../core/probe.ts';
import type { Parts } from './parts.ts';

/** What asking the hosts themselves came to: what to tell, and why they must not be pooled if so. */
export interface Probed {
  readonly notes: readonly PlanNote[];
  readonly fault: Fault | undefined;
}

const NOTHING: Probed = { notes: [], fault: undefined };

/** The objects that go to `yes`, and so must be seen to serve first. */
export function keysToProbe(
  writes: readonly { readonly key: NodeKey; readonly from: NodeState; readonly to: NodeState }[],
): readonly NodeKey[] {
  return writes.filter(({ from, to }) => to.pooled === 'yes' && from.pooled !== 'yes').map(({ key }) => key);
}

/** Whether hosts are asked at all. */
export function asksHosts({ settings }: Parts): boolean {
  return settings.probeMode !== undefined && settings.probeMode !== 'off';
}

/** Asks hosts straight, as monitoring would ask the service. With the mode `warn` nothing is refused; with `off` nobody is asked, which is told. */
export async function probeHosts(parts: Parts, keys: readonly NodeKey[]): Promise<Probed> {
  const { prober, settings } = parts;
  const [first] = keys;
  if (first === undefined || settings.probeMode === undefined) return NOTHING;
  if (settings.probeMode === 'off')
    return {
      notes: [{ kind: 'probe', key: first, ok: undefined, text: 'probes are off' }],
      fault: undefined,
    };
  const targets = keys.flatMap((key) => probesFor(settings.catalogue, key));
  const results = await prober.probe(targets);
  const asked = new Set(targets.map(({ key }) => nodePath(key)));
  const unasked = keys.find((key) => !asked.has(nodePath(key)));
  const unknown: readonly PlanNote[] =
    unasked === undefined
      ? []
      : [{ kind: 'probe', key: unasked, ok: undefined, text: 'the catalogue has no probe for it' }];
  const failed = results.filter(({ ok }) => !ok);
  const failures = failed.map(({ target, text }) => ({
    host: target.key.host,
    service: target.service,
    text,
  }));
  const isRefused = failed.length > 0 && settings.probeMode === 'require';
  return {
    notes: [...notesOf(results), ...unknown],
    fault: isRefused ? { kind: 'probe-failed', failures } : undefined,
  };
}

/** One line for all that answer, one for each that does not. */
function notesOf(results: readonly ProbeResult[]): readonly PlanNote[] {
  const note = ({ target, ok, text }: ProbeResult): PlanNote => ({
    kind: 'probe',
    key: target.key,
    ok,
    text: `${target.service} ${text}`,
  });
  return [...results.filter(({ ok }) => ok).slice(0, 1), ...results.filter(({ ok }) => !ok)].map(note);
}
