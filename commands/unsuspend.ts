import { PersonName } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** Only an admin may; what was cancelled stays so. */
export default defineCommand({
  kind: 'decide',
  name: 'unsuspend',
  summary: 'lifts the suspension of a person; for admins',
  usage: '!unsuspend PERSON REASON',
  example: '!unsuspend akosiaris new laptop, new passwords',
  args: { person: PersonName },
  options: {},
  rest: 'required-reason',
  decide: ({ person }, reason) => ({ kind: 'unsuspend', person, reason }),
});
