import type { RuleApplied } from '../core/authorization.ts';
import { judge } from '../core/authorization.ts';
import { serviceFacts } from '../core/catalogue.ts';
import { removesCapacity } from '../core/make-plan.ts';
import { breakGlassFault } from '../core/limits.ts';
import type { BreakGlass, Operation } from '../core/operation.ts';
import type { Person } from '../core/people.ts';
import type { Plan } from '../core/plan.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Settings } from './parts.ts';

/** What is judged: a plan, who wants it, and what there was before. */
export interface Wanted {
  readonly command: string;
  readonly plan: Plan;
  readonly person: Person;
  readonly now: number;
  /** Earlier operations, for limits per person and time; the one that is judged is left out by `id`. */
  readonly recent: readonly Operation[];
  readonly id: string | undefined;
  /** The operation that an undo puts back. */
  readonly undone: Operation | undefined;
  /** Every load balancer finds every one of its hosts down. */
  readonly lbDown: boolean;
  readonly breakGlass: BreakGlass | undefined;
}

/** The rule that decides, from Sluice's own policy file. Judged when somebody asks and again before every write. */
export function authorize(settings: Settings, wanted: Wanted): Result<RuleApplied> {
  const { plan, person, now, undone } = wanted;
  const removes = plan.changes.some(removesCapacity);
  const judgeFor = (service: string): Result<RuleApplied> =>
    judge(settings.policy(), {
      command: wanted.command,
      service,
      state: serviceFacts(settings.catalogue, service).state,
      hosts: plan.changes.length,
      undoAgeMs: undone === undefined ? undefined : now - (undone.endedAt ?? undone.touchedAt),
      // Taking away what another person's operation added is a removal like any other: not for the short way back.
      othersCapacity: undone !== undefined && removes && undone.request.person !== person.name,
      recentObjects: (perMs) => recentObjects(wanted, perMs),
      person: person.name,
      personRoles: person.roles,
      networks: settings.networks,
      lbDown: wanted.lbDown,
      breakGlass: wanted.breakGlass !== undefined,
      paceNone: plan.pace?.takeUp === false,
    });
  const rule = strictest([...new Set(plan.changes.map(({ key }) => key.service))].map(judgeFor));
  if (!rule.ok || wanted.breakGlass === undefined) return rule;
  const spent = breakGlassFault(person.name, wanted.recent, now, wanted.id);
  return spent === undefined ? rule : fail(spent);
}

/** Of several services the one that asks for most decides; one that refuses, refuses all. */
function strictest(rules: readonly Result<RuleApplied>[]): Result<RuleApplied> {
  const refused = rules.find((rule) => !rule.ok);
  if (refused !== undefined) return refused;
  const applied = rules.flatMap((rule) => (rule.ok ? [rule.value] : []));
  const [most] = [...applied].sort((a, b) => b.approvals - a.approvals);
  if (most === undefined) return fail({ kind: 'shutting-down' });
  return ok({ ...most, maxShareRemoved: Math.min(...applied.map(({ maxShareRemoved }) => maxShareRemoved)) });
}

/** Host x service objects that the person changed, or is about to, by the same command without approval inside the window. */
function recentObjects({ recent, person, command, now, id }: Wanted, perMs: number): number {
  return recent
    .filter(
      (operation) =>
        operation.id !== id &&
        operation.request.person === person.name &&
        operation.request.command === command &&
        operation.rule.approvals === 0 &&
        operation.createdAt > now - perMs &&
        !['refused', 'expired', 'conflict'].includes(operation.state),
    )
    .reduce((sum, operation) => sum + operation.plan.changes.length, 0);
}
