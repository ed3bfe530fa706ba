import type { Policy, PolicyRule } from './policy.ts';
import { durationText } from './time.ts';

/**
 * What a changed policy changes, one line a rule, for the channel and the audit log: `rule 2: approvals 0 -> 1`.
 *
 * @returns an empty list when both mean the same.
 */
export function policyDifference(before: Policy, after: Policy): readonly string[] {
  return [...ruleDifference(before.rules, after.rules), ...limitDifference(before.limits, after.limits)];
}

function ruleDifference(before: readonly PolicyRule[], after: readonly PolicyRule[]): readonly string[] {
  const lines: string[] = [];
  const kept = keptRules(before.map(ruleText), after.map(ruleText));
  let [old, now] = [0, 0];
  // Between two kept rules, the first that went and the first that came are one rule that was changed, and so on.
  for (const [keptOld, keptNow] of [...kept, [before.length, after.length] as const]) {
    while (old < keptOld || now < keptNow) {
      const gone = old < keptOld ? before[old] : undefined;
      const come = now < keptNow ? after[now] : undefined;
      if (gone !== undefined) old += 1;
      if (come !== undefined) now += 1;
      lines.push(wordDifference({ gone, come, old, now }));
    }
    old = keptOld + 1;
    now = keptNow + 1;
  }
  return lines;
}

function wordDifference(place: {
  readonly gone: PolicyRule | undefined;
  readonly come: PolicyRule | undefined;
  readonly old: number;
  readonly now: number;
}): string {
  const { gone, come, old, now } = place;
  if (gone === undefined) return `rule ${String(now)} added: ${come === undefined ? '' : ruleText(come)}`;
  if (come === undefined) return `rule ${String(old)} removed: ${ruleText(gone)}`;
  const keys = [...new Set([...Object.keys(gone), ...Object.keys(come)])] as (keyof PolicyRule)[];
  const changes = keys
    .map((key) => ({ key, from: fieldText(gone, key), to: fieldText(come, key) }))
    .filter(({ from, to }) => from !== to)
    .map(({ key, from, to }) => `${key} ${from} -> ${to}`);
  return `rule ${String(now)}: ${changes.join(', ')}`;
}

/** Pairs of places, old and new, of the longest run of rules that both have in the same order. */
function keptRules(
  before: readonly string[],
  after: readonly string[],
): readonly (readonly [number, number])[] {
  const length = (old: number, now: number): number => table[old]?.[now] ?? 0;
  const table = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let old = before.length - 1; old >= 0; old -= 1) {
    const row = table[old];
    for (let now = after.length - 1; row !== undefined && now >= 0; now -= 1) {
      row[now] =
        before[old] === after[now]
          ? length(old + 1, now + 1) + 1
          : Math.max(length(old + 1, now), length(old, now + 1));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  let [old, now] = [0, 0];
  while (old < before.length && now < after.length) {
    if (before[old] === after[now]) pairs.push([old++, now++]);
    else if (length(old + 1, now) >= length(old, now + 1)) old += 1;
    else now += 1;
  }
  return pairs;
}

function ruleText(rule: PolicyRule): string {
  const keys = (Object.keys(rule) as (keyof PolicyRule)[]).filter((key) => rule[key] !== undefined);
  return keys.map((key) => `${key} ${fieldText(rule, key)}`).join(', ');
}

function fieldText(rule: PolicyRule, key: keyof PolicyRule): string {
  const value = rule[key];
  if (value === undefined) return 'any';
  if (typeof value === 'object') return `[${value.join(', ')}]`;
  const isSpan = key === 'per' || key === 'within' || key === 'expires';
  return isSpan && typeof value === 'number' ? durationText(value) : String(value);
}

function limitDifference(before: Policy['limits'], after: Policy['limits']): readonly string[] {
  const texts = (limits: Policy['limits']): readonly (readonly [string, string])[] => [
    ['perPerson.writes', String(limits.perPerson.writes)],
    ['perPerson.per', durationText(limits.perPerson.per)],
    ['perPerson.waiting', String(limits.perPerson.waiting)],
    ['everybody.objects', String(limits.everybody.objects)],
    ['everybody.per', durationText(limits.everybody.per)],
  ];
  const now = new Map(texts(after));
  return texts(before)
    .map(([name, from]) => ({ name, from, to: now.get(name) ?? '' }))
    .filter(({ from, to }) => from !== to)
    .map(({ name, from, to }) => `limits.${name}: ${from} -> ${to}`);
}
