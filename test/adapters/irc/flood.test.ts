import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { IrcPerson } from '../../lab/irc-client.ts';
import { connectIrc } from '../../lab/irc-client.ts';
import { startIrc } from '../../lab/irc.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir } from '../../lab/process.ts';
import { startTestChat } from './heard.ts';

const OPERATIONS = ['k7f', 'm3k', 'p4w', 'q5x', 'r6y'];
const STEPS = 40;

let runDir: RunDir;
let irc: Awaited<ReturnType<typeof startIrc>>;
let watcher: IrcPerson;

beforeAll(async () => {
  runDir = makeRunDir();
  irc = await startIrc(runDir, { accounts: ['sluice'] });
  watcher = await connectIrc({ port: irc.port, nick: 'watcher' });
  await watcher.join('#flood');
});
afterAll(async () => {
  await watcher.quit();
  await Promise.all([irc.processes.inspircd.stop(), irc.processes.services.stop()]);
  runDir.remove();
});

test('200 lines of progress on a port with flood rules: connected, the last state of each shown, every log line whole', async () => {
  const bot = startTestChat({ port: irc.strictPort, channels: ['#flood'], rate: { burst: 4, everyMs: 800 } });
  await bot.becomes('ready');
  const log = (id: string): string =>
    `!log DONE (PASS) - depool ${'maps1005.eqiad.wmnet,'.repeat(14)} [${id}]`;
  const progress = OPERATIONS.flatMap((id) =>
    Array.from({ length: STEPS }, (_, step) =>
      bot.chat.send('#flood', `${id} ${String(step + 1)} of ${String(STEPS)}`, {
        key: `${id}:progress`,
        urgency: 'progress',
      }),
    ),
  );
  const urgent = OPERATIONS.flatMap((id) => [
    bot.chat.send('#flood', `${id} done`, { key: `${id}:done`, urgency: 'result' }),
    bot.chat.send('#flood', log(id), { key: `${id}:log`, urgency: 'log' }),
  ]);
  const proofs = (await Promise.all(urgent)).map((sent) => sent.ok && sent.value.proof);
  expect(proofs).toEqual(urgent.map(() => 'echo'));
  await Promise.all(progress);
  const seen = watcher.lines.map(({ text }) => text);
  const results = OPERATIONS.flatMap((id) => [`${id} done`, log(id)]);
  expect(seen.filter((line) => results.includes(line))).toEqual(results);
  for (const id of OPERATIONS) {
    expect(seen.filter((line) => line.startsWith(`${id} `) && line.includes(' of ')).at(-1)).toBe(
      `${id} ${String(STEPS)} of ${String(STEPS)}`,
    );
  }
  expect(seen.length).toBeLessThan(40);
  expect(bot.states.filter((state) => state === 'down')).toEqual([]);
  await bot.chat.close();
});

test('results alone, more bytes than the port takes at once, all arrive at our pace', async () => {
  const bot = startTestChat({ port: irc.strictPort, channels: ['#flood'], rate: { burst: 4, everyMs: 800 } });
  await bot.becomes('ready');
  const from = watcher.lines.length;
  const lines = Array.from({ length: 24 }, (_, index) => `${String(index)} ${'x'.repeat(140)}`);
  const sent = await Promise.all(
    lines.map((line) => bot.chat.send('#flood', line, { key: line, urgency: 'result' })),
  );
  expect(sent.map((one) => one.ok && one.value.proof)).toEqual(lines.map(() => 'echo'));
  expect(watcher.lines.slice(from).map(({ text }) => text)).toEqual(lines);
  await bot.chat.close();
});
