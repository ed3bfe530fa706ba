import { defineCommand } from '../src/core/command.ts';
import { ok } from '../src/core/result.ts';

/** Every part by name, asked now. */
export default defineCommand({
  kind: 'answer',
  name: 'health',
  summary: 'says which parts of Sluice work',
  usage: '!health',
  example: '!health',
  args: {},
  options: {},
  rest: 'none',
  reads: () => ({ kind: 'health' }),
  answer: (_given, { health }) => ok([{ kind: 'health', parts: health }]),
});
