import { OptionalCommandName } from '../src/core/arguments.ts';
import { defineCommand } from '../src/core/command.ts';
import { nearest } from '../src/core/nearest.ts';
import { fail, ok } from '../src/core/result.ts';

/** Made from the command files themselves. */
export default defineCommand({
  kind: 'answer',
  name: 'help',
  summary: 'lists the commands, or says how to use one',
  usage: '!help [COMMAND]',
  example: '!help pool',
  args: { command: OptionalCommandName },
  options: {},
  rest: 'none',
  reads: () => ({ kind: 'nothing' }),
  answer: ({ command: name }, { commands }) => {
    const names = commands.map((one) => one.name);
    if (name === undefined) return ok([{ kind: 'help', names }]);
    const command = commands.find((one) => one.name === name);
    if (command === undefined) return fail({ kind: 'command-unknown', name, nearest: nearest(name, names) });
    const { usage, summary, example } = command;
    return ok([{ kind: 'help-command', usage, summary, example }]);
  },
});
