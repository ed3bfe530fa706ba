import { defineCommand } from '../src/core/command.ts';
import { ok } from '../src/core/result.ts';

/** Who Sluice takes you for: a services account of people.yaml, never a nick. */
export default defineCommand({
  kind: 'answer',
  name: 'whoami',
  summary: 'says who you are to Sluice and which roles you have',
  usage: '!whoami',
  example: '!whoami',
  args: {},
  options: {},
  rest: 'none',
  reads: () => ({ kind: 'nothing' }),
  answer: (_given, { nick, person, account }) =>
    ok([{ kind: 'whoami', nick, person: person?.name, account, roles: person?.roles ?? [] }]),
});
