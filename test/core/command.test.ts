import { expect, test } from '@jest/globals';
import { Hosts, OptionalSubject, Service, Weight } from '../../src/core/arguments.ts';
import type { Given } from '../../src/core/command.ts';
import { defineCommand } from '../../src/core/command.ts';
import { ok } from '../../src/core/result.ts';

const args = { hosts: Hosts, service: Service };
const options = { weight: Weight };

// What the compiler infers is the claim of these; `npm run types` is where they would fail.
test('a command receives what its own schemas return', () => {
  const command = defineCommand({
    kind: 'answer',
    name: 'measure',
    summary: 'tells what it was given',
    usage: '!measure HOSTS SERVICE [weight=N]',
    example: '!measure maps1005 kartotherian weight=3',
    args,
    options,
    rest: 'none',
    reads: ({ service }) => ({ kind: 'service', service }),
    answer: ({ hosts, weight }) => {
      const names: readonly string[] = hosts.names;
      const share: number | undefined = weight;
      // @ts-expect-error an option may be absent
      const certain: number = weight;
      expect([names.length, share, certain]).toEqual([1, 3, 3]);
      return ok([]);
    },
  });
  const given: Given<typeof args, typeof options> = {
    hosts: { typed: 'maps1005', names: ['maps1005'] },
    service: 'kartotherian',
    weight: 3,
  };
  expect(command.kind === 'answer' && command.reads(given)).toEqual({
    kind: 'service',
    service: 'kartotherian',
  });
});

test('an optional argument is undefined when it was not typed', () => {
  const command = defineCommand({
    kind: 'decide',
    name: 'calm',
    summary: 'freezes with a subject as the reason',
    usage: '!calm [SUBJECT]',
    example: '!calm kartotherian',
    args: { subject: OptionalSubject },
    options: {},
    rest: 'reason',
    decide: ({ subject }, reason) => {
      const maybe: string | undefined = subject;
      // @ts-expect-error it may not have been typed
      const certain: string = subject;
      return { kind: 'freeze', reason: `${maybe ?? 'nothing'}/${certain}/${reason}` };
    },
  });
  expect(command.kind === 'decide' && command.decide({ subject: undefined }, 'x')).toEqual({
    kind: 'freeze',
    reason: 'nothing/undefined/x',
  });
});
