import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Log } from '../../../src/observe/log.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { Urgency } from '../../../src/ports/chat.ts';
import type { IrcPerson } from '../../lab/irc-client.ts';
import { connectIrc } from '../../lab/irc-client.ts';
import type { LabIrc } from '../../lab/irc.ts';
import { startIrc } from '../../lab/irc.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import type { TestChat } from './heard.ts';
import { startTestChat } from './heard.ts';

/** As long as the server lets a nick, and a host, be. */
const LONGEST_NICK = `sluice${'x'.repeat(24)}`;
const LONGEST_HOST = `${'h'.repeat(31)}.${'h'.repeat(32)}`;
const FAMILY = '👩‍👩‍👧‍👦';

jest.setTimeout(20_000);

let runDir: RunDir;
let irc: LabIrc;
let bot: TestChat;
let watcher: IrcPerson;
const altered: object[] = [];

beforeAll(async () => {
  runDir = makeRunDir();
  irc = await startIrc(runDir, { accounts: ['sluice'] });
  const log: Log = {
    ...silentLog,
    error: (fields) => {
      altered.push(fields);
    },
  };
  bot = startTestChat({ port: irc.port, nick: LONGEST_NICK }, log);
  watcher = await connectIrc({ port: irc.port, nick: 'watcher' });
  await Promise.all([watcher.join('#ops'), bot.becomes('ready')]);
  watcher.raw('OPER testoper operpass');
});

afterAll(async () => {
  await bot.chat.close();
  await watcher.quit();
  await Promise.all([irc.processes.inspircd.stop(), irc.processes.services.stop()]);
  runDir.remove();
});

const room = (): number => bot.chat.capabilities('#ops').roomBytes;

/** Sends a line; resolves with what others see of it. */
async function arrives(line: string, urgency: Urgency = 'result'): Promise<string> {
  const from = watcher.lines.length;
  expect(await bot.chat.send('#ops', line, { key: line, urgency })).toMatchObject({
    ok: true,
    value: { proof: 'echo' },
  });
  return (await watcher.waitFor(({ nick }) => nick === bot.chat.ownName(), undefined, { since: from })).text;
}

describe('the longest name that others can see of us', () => {
  test('is known as soon as it is ours: a line of exactly the room arrives whole', async () => {
    const before = room();
    watcher.raw(`CHGHOST ${LONGEST_NICK} ${LONGEST_HOST}`);
    await waitUntil('it knows its host', () => room() !== before);
    expect(room()).toBe(510 - Buffer.byteLength(`:${LONGEST_NICK}!sluice@${LONGEST_HOST} PRIVMSG #ops :`));
    const whole = `!log ${'x'.repeat(room() - 10)} T123`;
    expect(Buffer.byteLength(whole)).toBe(room());
    expect(await arrives(whole, 'log')).toBe(whole);
    expect(altered).toEqual([]);
  });

  test('one byte more is refused for the log, and is cut where all can see it elsewhere', async () => {
    const long = 'x'.repeat(room() + 1);
    expect(await bot.chat.send('#ops', long, { key: 'a', urgency: 'log' })).toMatchObject({
      ok: false,
      fault: { kind: 'chat-refused' },
    });
    expect(await arrives(long)).toBe(`${'x'.repeat(room() - 3)}...`);
  });
});

test('2000 characters of emoji arrive as whole ones, as many as have room', async () => {
  const text = FAMILY.repeat(Math.ceil(2000 / FAMILY.length));
  const most = Math.floor((room() - 3) / Buffer.byteLength(FAMILY));
  expect(await arrives(text)).toBe(`${FAMILY.repeat(most)}...`);
  expect(altered).toEqual([]);
});

describe('line ends and NUL', () => {
  const EVIL = 'a\r\nQUIT :b\nPRIVMSG #ops :c\rd\0e';

  test('in a text are blanks', async () => {
    expect(await arrives(EVIL)).toBe('a QUIT :b PRIVMSG #ops :c d e');
  });

  test('in a key, a channel or a name reach nobody', async () => {
    const from = watcher.lines.length;
    expect(await bot.chat.send('#ops', 'keyed', { key: EVIL, urgency: 'progress' })).toMatchObject({
      ok: true,
    });
    for (const channel of [EVIL, `#ops${EVIL}`, '#ops\0', '#ops\r'])
      expect(await bot.chat.send(channel, 'hello', { key: 'a', urgency: 'result' })).toMatchObject({
        ok: false,
      });
    for (const display of [EVIL, `watcher${EVIL}`, 'watcher\0', 'watcher\n'])
      expect(await bot.chat.tell({ transport: 'irc', account: undefined, display }, 'hello')).toMatchObject({
        ok: false,
      });
    await bot.chat.send('#ops', 'end', { key: 'end', urgency: 'result' });
    await watcher.waitFor(/^end$/, undefined, { since: from });
    expect(watcher.lines.slice(from).map(({ text }) => text)).toEqual(['keyed', 'end']);
    expect(bot.states).toEqual(['connecting', 'ready']);
  });
});
