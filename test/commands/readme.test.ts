import { expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadCommands } from '../../src/app/load-commands.ts';
import type { Command } from '../../src/core/command.ts';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const [BEGIN, END] = ['<!-- commands -->', '<!-- /commands -->'];

// `UPDATE_README=1 npm run test:fast` writes it.
test('the table of commands in the README is made from the command files', async () => {
  const text = readFileSync(README, 'utf8');
  const [head = '', rest = ''] = text.split(BEGIN);
  const [table = '', tail = ''] = rest.split(END);
  const wanted = tableOf(await loadCommands());
  if (process.env['UPDATE_README'] === '1')
    writeFileSync(README, `${head}${BEGIN}\n\n${wanted}\n\n${END}${tail}`);
  else expect(table.trim()).toBe(wanted);
});

function tableOf(commands: readonly Command[]): string {
  const order = ['plan', 'decide', 'answer'];
  const sorted = [...commands].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = sorted.map(({ usage, summary }) => [`\`${cell(usage)}\``, cell(summary)] as const);
  const width = (column: 0 | 1): number =>
    Math.max(...rows.map((row) => row[column].length), column === 0 ? 'say'.length : 'effect'.length);
  const line = (left: string, right: string): string =>
    `| ${left.padEnd(width(0))} | ${right.padEnd(width(1))} |`;
  return [
    line('say', 'effect'),
    line('-'.repeat(width(0)), '-'.repeat(width(1))),
    ...rows.map(([left, right]) => line(left, right)),
  ].join('\n');
}
