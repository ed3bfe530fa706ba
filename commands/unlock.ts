import { Service } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';

/** What was held stays held until somebody resumes it. */
export default defineCommand({
  kind: 'decide',
  name: 'unlock',
  summary: 'lifts the lock of a service',
  usage: '!unlock SERVICE REASON',
  example: '!unlock kartotherian-ssl certificate is in place',
  args: { service: Service },
  options: {},
  rest: 'required-reason',
  decide: ({ service }, reason) => ({ kind: 'unlock', service, reason }),
});
