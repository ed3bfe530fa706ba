import { PersonName } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** For the stolen laptop: at once, and by anybody. */
export default defineCommand({
  kind: 'decide',
  name: 'suspend',
  summary: 'lets nothing of a person count, what they asked for and approved included',
  usage: '!suspend PERSON REASON',
  example: '!suspend akosiaris laptop stolen',
  args: { person: PersonName },
  options: {},
  rest: 'required-reason',
  decide: ({ person }, reason) => ({ kind: 'suspend', person, reason }),
});
