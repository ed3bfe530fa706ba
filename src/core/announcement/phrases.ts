import { foldHosts } from '../hosts.ts';
import type { NodeState } from '../node.ts';
import { stateText } from '../node.ts';
import type { PlanNote, PoolEffect, PoolView } from '../node-plan.ts';
import type { PlanSummary } from '../plan-summary.ts';
import type { ObjectResult } from '../progress.ts';
import { secondText } from '../time.ts';
import type { Detail } from './fit.ts';
import { byteLength } from '../byte-text.ts';
import { clusterNodesText, scaleEffectsText } from './scale-phrases.ts';

/** `98.4 %`, `7 %`, `0 %`. @param fraction 0-1. */
export function percentText(fraction: number): string {
  const percent = fraction * 100;
  if (percent > 0 && percent < 0.05) return '<0.1 %';
  return `${String(Number(percent.toFixed(1)))} %`;
}

/** Hosts as people read them: folded, and from detail 1 on a count when that is long. */
export function hostsText(hosts: readonly string[], detail: Detail): string {
  const folded = foldHosts(hosts);
  const room = detail === 0 ? 160 : detail === 1 ? 110 : 70;
  if (byteLength(folded) <= room || hosts.length === 1) return folded;
  return `${String(hosts.length)} hosts (first ${hosts[0] ?? ''})`;
}

/** `pool wikikube-worker1001.eqiad.wmnet in kartotherian-k8s-ssl`. */
export function actionText(plan: PlanSummary, detail: Detail = 0): string {
  const { verb, undoes, weight, service } = plan;
  const what = undoes === undefined ? verb : `undo ${undoes.id}: ${undoes.verb}`;
  if (plan.scales !== undefined)
    return `${what} ${service} to ${numbersText(plan)} in ${plan.places.join(' and ')}`;
  const to = weight === undefined ? '' : ` weight=${String(weight)}`;
  return `${what} ${hostsText(plan.hosts, detail)}${to} in ${service}`;
}

/** `inactive/0 -> yes/1`; with the hosts when not all go the same way. */
export function movesText(plan: PlanSummary, detail: Detail): string {
  if (plan.scales !== undefined) return scaleMovesText(plan);
  const [only, ...others] = plan.moves;
  if (only !== undefined && others.length === 0) return `${only.from} -> ${only.to}`;
  if (detail >= 2)
    return `${String(plan.hosts.length)} objects to ${[...new Set(plan.moves.map(({ to }) => to))].join(', ')}`;
  return plan.moves.map(({ from, to, hosts }) => `${shortHosts(hosts)} ${from} -> ${to}`).join(', ');
}

/** What a plan does to the traffic of one pool: share, and when something is taken away the floor and the load on the others. */
function effectText(effect: PoolEffect): string {
  if (effect.leads !== undefined) return leadsText(effect.pool.service, effect.leads);
  const { pool, shareBefore, shareAfter, after, before, carryFactor } = effect;
  const share = `share of ${pool.dc} ${percentText(shareBefore)} -> ${percentText(shareAfter)}`;
  const lowers =
    after.floor < before.floor ? `, floor becomes ${String(after.floor)} (was ${String(before.floor)})` : '';
  if (effect.removedPercent === 0) return `${share}${lowers}`;
  const floor = after.serving < before.serving ? `, ${floorText(effect)}` : '';
  const carry =
    carryFactor === undefined || shareBefore === 0
      ? ''
      : `, the others carry x${carryFactor.toFixed(carryFactor < 1.05 ? 2 : 1)}`;
  return `${share}${floor}${lowers}${carry}`;
}

/** `kartotherian leads to codfw+eqiad -> eqiad, TTL 300 s`. */
function leadsText(record: string, { before, after, ttl }: NonNullable<PoolEffect['leads']>): string {
  const cached = ttl === undefined ? '' : `, TTL ${String(ttl)} s: clients have followed by then`;
  return `${record} leads to ${before.join('+')} -> ${after.join('+')}${cached}`;
}

/** `floor 3 of 6 holds`, or does not; with load balancers also what then really serves. */
function floorText({ before, after }: PoolEffect): string {
  const was = before.effective?.serving ?? before.serving;
  const is = after.effective?.serving ?? after.serving;
  const verdict = is >= after.floor ? 'holds' : is < was ? 'BROKEN' : 'is not met, before or after';
  const floor = `floor ${String(after.floor)} of ${String(after.total)} ${verdict}`;
  if (before.effective === undefined || after.effective === undefined) return floor;
  return `effective ${String(was)} -> ${String(is)}, ${floor}`;
}

/** The effects on all pools of a plan. */
export function effectsText({ effects, scales }: PlanSummary, detail: Detail = 0): string {
  if (scales !== undefined) return scaleEffectsText(scales, detail);
  const isSeveral = new Set(effects.map(({ pool }) => pool.service)).size > 1;
  return effects
    .map((effect) => `${isSeveral ? `${effect.pool.service} ` : ''}${effectText(effect)}`)
    .join('; ');
}

/** `7 of 7 pooled, floor 4, bare metal 98.4 %, wikikube 1.6 %`. */
export function viewText(view: PoolView): string {
  const numbers = `${String(view.serving)} of ${String(view.total)} pooled, floor ${String(view.floor)}`;
  return [numbers, ...groupTexts(view)].join(', ');
}

/** `, effective 7 (lvs1019)`; or that nobody was asked, or did not answer. */
export function effectiveText({ effective }: PoolView): string {
  if (effective === undefined) return ' (load balancers not asked)';
  const { serving, balancers, silent } = effective;
  if (silent.length > 0) return `, effective unknown (${silent.join(', ')} silent)`;
  return `, effective ${String(serving)} (${balancers.join(', ')})`;
}

/** `bare metal 98.4 %`, one per group that serves. */
export function groupTexts(view: Pick<PoolView, 'groups'>): readonly string[] {
  return view.groups.map(({ name, share }) => `${name} ${percentText(share)}`);
}

/** The results of an operation's objects: `Done: a, b. Not done: c. Unknown: d.`; says so when nothing was changed. */
export function resultsText(objects: readonly ObjectResult[], detail: Detail): string {
  const of = (...results: readonly ObjectResult['result'][]): readonly ObjectResult[] =>
    objects.filter(({ result }) => results.includes(result));
  if (objects.every(({ result }) => result === 'not done')) return 'Nothing was changed.';
  const part = (title: string, some: readonly ObjectResult[]): string[] =>
    some.length === 0 ? [] : [`${title}: ${objectsText(some, detail)}.`];
  return [
    ...part('Done', of('done')),
    ...part('Half done', of('partly done')),
    ...part('Not done', of('not done')),
    ...part('Unknown', of('unknown')),
  ].join(' ');
}

/** Hosts with the state they are in, when all are in one state only once. */
export function objectsText(objects: readonly ObjectResult[], detail: Detail): string {
  const states = [...new Set(objects.map(({ state }) => state))];
  const groups = states.map((state) => {
    const names = objects.filter((one) => one.state === state).map(({ name }) => name);
    return `${hostsText(names, detail)}${state === undefined ? '' : ` ${state}`}`;
  });
  return groups.join(', ');
}

/** `no/10`, or that the object is not there. */
export function stateOrAbsent(state: NodeState | undefined): string {
  return state === undefined ? 'not there' : stateText(state);
}

/** A remark on a plan. */
export function noteText(note: PlanNote, detail: Detail = 0): string {
  if (note.kind === 'cluster-nodes') return clusterNodesText(note, detail);
  if (note.kind === 'number-not-undone')
    return `${note.cluster} is left as it is: somebody changed the number since (${String(note.left)} then, ${note.now === undefined ? 'not there' : String(note.now)} now)`;
  const host = note.key.host.split('.')[0] ?? note.key.host;
  switch (note.kind) {
    case 'weight-raised':
      return `${host} had weight 0: it becomes ${String(note.to)}, the smallest share`;
    case 'inactive-since':
      return note.at === undefined
        ? `${host} is inactive since before what Sluice knows, by whom is unknown`
        : `${host} is inactive since ${new Date(note.at).toISOString().slice(0, 10)} ${secondText(note.at)}, by ${note.by ?? 'unknown'} (${note.operation ?? ''})`;
    case 'dependency':
      return `${host} also carries ${note.of}: that stays as it is`;
    case 'probe':
      return `${host} ${note.ok === undefined ? 'was not asked' : note.ok ? 'answers' : 'DOES NOT SERVE'}: ${note.text}`;
    case 'malformed-neighbour':
      return `${host} in the same pool has a value that cannot be read (${note.why}); it counts as not serving`;
    case 'not-undone':
      return `${host} is left as it is: somebody changed it since (${stateText(note.left)} then, ${stateOrAbsent(note.now)} now)`;
  }
}

/** `1 approval`, `2 approvals`. */
export function countText(count: number, one: string): string {
  return `${String(count)} ${one}${count === 1 ? '' : 's'}`;
}

/** `95`; or all of them, where they differ. */
function numbersText({ moves }: PlanSummary): string {
  return [...new Set(moves.map(({ to }) => to))].join('+');
}

/** `65 -> 95`; by cluster where they differ. */
function scaleMovesText({ moves }: PlanSummary): string {
  const [first] = moves;
  const isSame = moves.every(({ from, to }) => from === first?.from && to === first.to);
  if (first !== undefined && isSame) return `${first.from} -> ${first.to}`;
  return moves.map(({ from, to, hosts }) => `${hosts.join(', ')} ${from} -> ${to}`).join(', ');
}

function shortHosts(hosts: readonly string[]): string {
  return foldHosts(hosts.map((host) => host.split('.')[0] ?? host));
}
