import { defineCommand } from '../src/core/command.ts';

/** Lifts a freeze. What was held stays held until somebody resumes it. */
export default defineCommand({
  kind: 'decide',
  name: 'thaw',
  summary: 'lets operations start again',
  usage: '!thaw REASON',
  example: '!thaw network maintenance in eqiad',
  args: {},
  options: {},
  rest: 'required-reason',
  decide: (_given, reason) => ({ kind: 'thaw', reason }),
});
