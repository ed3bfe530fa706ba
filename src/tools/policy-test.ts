import { authorize } from '../app/authorize.ts';
import { beginReading, gatherFacts } from '../app/gather.ts';
import { SharedReads } from '../app/shared-reads.ts';
import type { Parts } from '../app/parts.ts';
import { wordAnnouncement } from '../core/announcement/word.ts';
import type { Fault } from '../core/fault.ts';
import { parseLine } from '../core/invocation.ts';
import type { Plan } from '../core/plan.ts';
import { commandOf, objectCount } from '../core/plan.ts';
import type { Result } from '../core/result.ts';
import { fail } from '../core/result.ts';
import { WIDE } from './by-hand.ts';
import type { Print } from './print.ts';

/**
 * Says what would happen if somebody typed a line: which rule decides, and how many must agree; or why it would be refused. Production is read, nothing is
 * queued, nobody is asked. Guard rails are not judged: `dry-run` in chat does that.
 *
 * @param text `elukey: !depool maps1005 kartotherian`.
 * @returns the exit code: 0 when it could be asked for, 1 when it would be refused, 2 for a text that is none.
 */
export async function policyTest(parts: Parts, text: string, print: Print): Promise<0 | 1 | 2> {
  const [, name = '', line = ''] = /^\s*([^\s:]+):\s*(!?\S.*)$/su.exec(text) ?? [];
  if (name === '') {
    print("usage: sluice policy test 'PERSON: !COMMAND ...'");
    return 2;
  }
  const refuse = (fault: Fault): 1 => {
    print(wordAnnouncement({ kind: 'refused', nick: name, fault, hint: undefined }, WIDE));
    return 1;
  };
  const { settings } = parts;
  const person = settings.people().find((one) => one.name === name);
  const names = settings.people().map((one) => one.name);
  if (person === undefined)
    return refuse({ kind: 'nobody-called', person: name, nearest: names.slice(0, 5) });
  const parsed = parseLine(line, settings.commands, { addressed: true });
  if (parsed.kind === 'unknown' || parsed.kind === 'fault') return refuse(parsed.fault);
  if (parsed.kind === 'nothing' || parsed.command.kind !== 'plan') {
    print(`${name}: needs no rule: an identified person with a role is enough.`);
    return 0;
  }
  const { command, given, breakGlass } = parsed;
  const plan = await planOf(parts, { command, given, name });
  if (!plan.ok) return refuse(plan.fault);
  const rule = authorize(settings, {
    command: commandOf(plan.value),
    plan: plan.value,
    person,
    now: parts.clock.now(),
    recent: [],
    id: undefined,
    undone: undefined,
    lbDown: false,
    breakGlass,
  });
  if (!rule.ok) return refuse(rule.fault);
  const { number, approvals, approve, maxShareRemoved } = rule.value;
  const who =
    approvals === 0 ? 'without approval' : `with ${String(approvals)} approval by ${approve.join(' or ')}`;
  print(
    `${name}: rule ${String(number)} of the policy: ${String(objectCount(plan.value))} objects, ${who}, at most ${String(maxShareRemoved)} % of the serving weight per 30 min.`,
  );
  return 0;
}

async function planOf(
  parts: Parts,
  {
    command,
    given,
    name,
  }: {
    readonly command: Extract<Parts['settings']['commands'][number], { kind: 'plan' }>;
    readonly given: Parameters<typeof command.plan>[0];
    readonly name: string;
  },
): Promise<Result<Plan>> {
  const asker = { nick: name, account: name, person: undefined };
  const reads = command.reads(given);
  const reading = beginReading(parts, reads, new SharedReads());
  const gathered = await gatherFacts(parts, reads, { asker, logged: [], ...reading });
  return gathered.ok ? command.plan(given, gathered.value.facts) : fail(gathered.fault);
}
