import type { RuleApplied } from '../core/authorization.ts';
import type { Fault } from '../core/fault.ts';
import type { WriteView } from '../core/guard-rails.ts';
import { areReportedDown, guardPlan } from '../core/guard-rails.ts';
import { limitFault } from '../core/limits.ts';
import type { Pool } from '../core/node.ts';
import { isSamePool, poolPath } from '../core/node.ts';
import type { NodePlan, PlanNote } from '../core/node-plan.ts';
import { objectCount } from '../core/plan.ts';
import type { Result } from '../core/result.ts';
import { fail } from '../core/result.ts';
import { guardNumber } from '../core/scale/guard-rails.ts';
import type { ScalePlan } from '../core/scale/plan.ts';
import { authorize } from './authorize.ts';
import { findBrake } from './brakes.ts';
import { servicesOf } from './new-operation.ts';
import { clusterNotes } from './node-readiness.ts';
import type { Parts } from './parts.ts';
import { keysToProbe, probeHosts } from './probing.ts';
import type { Standing } from './standing.ts';
import { readStanding } from './standing.ts';
import type { Asked } from './wish.ts';
import { writeViews } from './write-views.ts';

/** Whether it may be asked for, and what came up that is worth telling. */
export interface Judged {
  readonly rule: Result<RuleApplied>;
  readonly notes: readonly PlanNote[];
}

/** Policy first, then the guard rails, then the hosts themselves: who may not ask learns nothing of the numbers. */
export async function judgeWish(parts: Parts, asked: Asked): Promise<Judged> {
  const { plan } = asked.wish;
  return 'scales' in plan ? judgeScale(parts, asked, plan) : judgeNodes(parts, asked, plan);
}

async function judgeNodes(parts: Parts, asked: Asked, plan: NodePlan): Promise<Judged> {
  const { wish, gathered } = asked;
  const views = await viewsOf(parts, asked, plan);
  if (!views.ok) return { rule: views, notes: [] };
  const rule = judgeAsker(parts, asked, areReportedDown(plan.changes, views.value));
  if (!rule.ok) return { rule, notes: [] };
  const { maxShareRemoved } = rule.value;
  const judged = views.value.map((view) => ({ ...view, maxShareRemoved }));
  const open = gathered.facts.open.filter(({ id, state }) => !(id === plan.undoes?.id && state === 'held'));
  const fault = guardPlan(plan, judged, open);
  if (fault !== undefined) return { rule: fail(fault), notes: [] };
  const steps = plan.changes.map(({ key, before, after }) => ({ key, from: before, to: after }));
  const unprobed = wish.breakGlass?.overrides.includes('probe') === true;
  const probed = await probeHosts(parts, unprobed ? [] : keysToProbe(steps));
  const notes = [...probed.notes, ...(await clusterNotes(parts, keysToProbe(steps)))];
  return { rule: probed.fault === undefined ? rule : fail(probed.fault), notes };
}

function judgeScale(parts: Parts, asked: Asked, plan: ScalePlan): Judged {
  const { scale } = asked.gathered.facts;
  const rule = judgeAsker(parts, asked, false);
  if (!rule.ok || scale === undefined) return { rule, notes: [] };
  const overrides = asked.wish.breakGlass?.overrides ?? [];
  for (const { key, after } of plan.scales) {
    const now = scale.clusters.get(key.cluster);
    if (now?.ok !== true) continue;
    const fault = guardNumber({ after, now: now.value, settings: scale.settings }, overrides);
    if (fault !== undefined) return { rule: fail(fault), notes: [] };
  }
  return { rule, notes: [] };
}

/** Who it is, how much they asked for lately, and whether anything is braked: the same for whatever is asked. */
function judgeAsker(parts: Parts, asked: Asked, lbDown: boolean): Result<RuleApplied> {
  const { wish, utterance, gathered, standing } = asked;
  const { journaled } = standing;
  const { facts } = gathered;
  const { plan, breakGlass } = wish;
  const rule = authorize(parts.settings, {
    command: wish.command,
    plan,
    person: utterance.person,
    now: facts.now,
    recent: facts.recent,
    id: undefined,
    undone: plan.undoes === undefined ? undefined : wish.earlier,
    lbDown,
    breakGlass,
  });
  if (!rule.ok) return rule;
  const limited = limitsOf(parts, asked, journaled.ok ? journaled.value.written : 0);
  if (limited !== undefined) return fail(limited);
  const request = { service: plan.service, services: servicesOf(plan), breakGlass };
  const brake = findBrake(parts, standing, { plan, request, lbDown });
  // Without the journal nothing is queued anyway, and a dry run says what was not looked at.
  return brake.ok && brake.value !== undefined ? fail(brake.value) : rule;
}

/** The way back is never too much. */
function limitsOf(parts: Parts, { wish, utterance, gathered }: Asked, written: number): Fault | undefined {
  const { plan, breakGlass } = wish;
  const { limits } = parts.settings.policy();
  if (plan.undoes !== undefined || breakGlass?.overrides.includes('budget') === true) return undefined;
  const { open, recent, now } = gathered.facts;
  return limitFault(limits, {
    person: utterance.person.name,
    objects: objectCount(plan),
    written,
    open,
    recent,
    now,
  });
}

/** The pools that the plan touches. Without the journal a dry run is judged all the same; what was removed lately is then not known. */
async function viewsOf(
  parts: Parts,
  { wish, gathered, standing }: Asked,
  plan: NodePlan,
): Promise<Result<readonly WriteView[]>> {
  const touched = gathered.facts.pools.filter((pool) =>
    plan.effects.some((effect) => poolPath(effect.pool) === poolPath(pool)),
  );
  return writeViews(parts, touched, {
    overrides: wish.breakGlass?.overrides ?? [],
    maxShareRemoved: 0,
    standing: await standingOf(parts, standing, touched),
    withoutJournal: gathered.storeFault !== undefined,
    balanced: touched.map((pool) => gathered.facts.balanced.get(poolPath(pool))),
  });
}

/** What was read when it was asked, when the pools were known then already. */
async function standingOf(parts: Parts, known: Standing, pools: readonly Pool[]): Promise<Standing> {
  const isKnown = pools.every((pool) => known.pools.some((one) => isSamePool(one, pool)));
  return isKnown ? known : readStanding(parts, pools);
}
