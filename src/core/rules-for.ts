import type { Person } from './people.ts';
import type { Policy, PolicyRule } from './policy.ts';

/** A rule of the policy in terms of people: what somebody would want to know before asking. */
export interface RuleForPeople {
  /** Position in the policy, from 1. */
  readonly number: number;
  readonly ask: readonly string[];
  readonly approvals: number;
  readonly approve: readonly string[];
  /** Names of those who have one of these roles. */
  readonly askers: readonly string[];
  readonly approvers: readonly string[];
  readonly maxHosts: number | undefined;
  /** Milliseconds. */
  readonly per: number | undefined;
  readonly within: number | undefined;
  readonly lbDown: boolean;
  readonly breakGlass: boolean;
}

/**
 * The rules that could be *the* rule, in their order: which one it is depends on how many hosts, how lately, and what load balancers say. A rule without
 * such conditions is the last that can be.
 */
export function rulesFor(
  { rules }: Policy,
  wanted: { readonly command: string; readonly service: string; readonly state: string },
  people: readonly Person[],
): readonly RuleForPeople[] {
  const fitting = rules
    .map((rule, index) => ({ rule, number: index + 1 }))
    .filter(
      ({ rule }) =>
        rule.commands.some((command) => command === wanted.command) &&
        (rule.states?.includes(wanted.state) ?? true) &&
        (rule.services?.includes(wanted.service) ?? true),
    );
  const last = fitting.findIndex(({ rule }) => isUnconditional(rule));
  return fitting.slice(0, last === -1 ? fitting.length : last + 1).map(({ rule, number }) => ({
    number,
    ask: rule.ask,
    approvals: rule.approvals,
    approve: rule.approve ?? [],
    askers: namesWith(people, rule.ask),
    approvers: namesWith(people, rule.approve ?? []),
    maxHosts: rule.maxHosts,
    per: rule.per,
    within: rule.within,
    lbDown: rule.when === 'lbDown',
    breakGlass: rule.breakGlass,
  }));
}

function isUnconditional({ maxHosts, within, when }: PolicyRule): boolean {
  return maxHosts === undefined && within === undefined && when === undefined;
}

function namesWith(people: readonly Person[], roles: readonly string[]): readonly string[] {
  return people.filter((person) => person.roles.some((role) => roles.includes(role))).map(({ name }) => name);
}
