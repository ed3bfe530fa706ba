import { CommandName, Service } from '../src/core/arguments.ts';
import { serviceFacts } from '../src/core/catalogue.ts';
import { defineCommand } from '../src/core/command.ts';
import { nearest } from '../src/core/nearest.ts';
import { rulesFor } from '../src/core/rules-for.ts';
import { fail, ok } from '../src/core/result.ts';
import { serviceFault } from '../src/core/targets.ts';

/** The policy, asked beforehand: who may ask, who may agree, and up to how much. */
export default defineCommand({
  kind: 'answer',
  name: 'who-can',
  summary: 'says who may ask for a command on a service, and who may approve it',
  usage: '!who-can COMMAND SERVICE',
  example: '!who-can depool kartotherian-ssl',
  args: { command: CommandName, service: Service },
  options: {},
  rest: 'none',
  reads: ({ service }) => ({ kind: 'service', service }),
  answer: ({ command, service }, facts) => {
    const names = facts.commands.map(({ name }) => name);
    if (!names.includes(command))
      return fail({ kind: 'command-unknown', name: command, nearest: nearest(command, names) });
    if (facts.pools.length === 0) return fail(serviceFault(service, facts));
    const { state } = serviceFacts(facts.catalogue, service);
    const rules = rulesFor(facts.policy, { command, service, state }, facts.people);
    return ok([{ kind: 'who-can', command, service, state, rules }]);
  },
});
