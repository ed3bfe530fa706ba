import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { waitUntil } from '../../lab/process.ts';
import type { TestChat } from './heard.ts';
import { startTestChat } from './heard.ts';
import type { NetworkOptions } from './scripted-network.ts';
import { startScriptedNetwork } from './scripted-network.ts';
import type { ScriptedServer } from './scripted-server.ts';

const MODERN = ['echo-message', 'labeled-response', 'account-tag', 'account-notify', 'extended-join'];

jest.setTimeout(20_000);

let server: ScriptedServer | undefined;
let bot: TestChat | undefined;

afterEach(async () => {
  await bot?.chat.close();
  await server?.close();
  [bot, server] = [undefined, undefined];
});

async function open(
  network: Partial<NetworkOptions>,
  nick = 'sluice',
): Promise<{ server: ScriptedServer; bot: TestChat }> {
  server = await startScriptedNetwork({ capabilities: MODERN, ...network });
  bot = startTestChat({ port: server.port, nick, bounds: { regainEveryMs: 50 } });
  return { server, bot };
}

test.each([
  ['433', 'in use'],
  ['432', 'held by services, says InspIRCd'],
  ['437', 'held by services, says Solanum'],
])('a nick that is refused with %s (%s) is another, until it can be had', async (numeric) => {
  let isFree = false;
  const { bot, server } = await open({
    special: (line) =>
      line === 'NICK sluice'
        ? [isFree ? ':sluice_!sluice@host NICK :sluice' : `:irc.test ${numeric} * sluice :not now`]
        : undefined,
  });
  await bot.becomes('ready');
  expect(bot.chat.ownName()).toBe('sluice_');
  await waitUntil('services were asked', () => server.heard.includes('PRIVMSG NickServ :GHOST sluice'));
  await waitUntil(
    'it has asked in vain',
    () => server.heard.filter((one) => one === 'NICK sluice').length > 1,
  );
  expect(bot.chat.ownName()).toBe('sluice_');
  isFree = true;
  await waitUntil('the nick is back', () => bot.chat.ownName() === 'sluice');
  expect(bot.states).toEqual(['connecting', 'ready']);
});

test('a server that takes no nick at all is tried again later, not asked without end', async () => {
  const { bot, server } = await open({
    special: (line) => (line.startsWith('NICK ') ? [':irc.test 432 * nick :Erroneous Nickname'] : undefined),
  });
  await bot.becomes('down');
  expect(server.heard.filter((line) => line.startsWith('NICK ')).length).toBeLessThanOrEqual(3);
  await waitUntil('it tries again', () => bot.states.filter((state) => state === 'connecting').length > 1);
  expect(bot.states).not.toContain('ready');
});

test.each([
  ['rfc1459', ['bot{1}', 'BOT[1]', 'Bot[1}'], ['bot(1)']],
  ['ascii', ['BOT[1]'], ['bot{1}']],
])(
  'with CASEMAPPING=%s our own lines are those of %j, and %j is somebody else',
  async (mapping, own, others) => {
    const { bot, server } = await open({ isupport: `CASEMAPPING=${mapping}` }, 'bot[1]');
    await bot.becomes('ready');
    for (const nick of own) server.push(`:${nick}!sluice@host PRIVMSG #ops :!pool from ${nick}`);
    for (const nick of others) server.push(`:${nick}!u@h PRIVMSG #ops :!pool from ${nick}`);
    server.push(':luca!u@h PRIVMSG #ops :end');
    await bot.hearsText('end');
    expect(bot.heard.map(({ actor }) => actor.display)).toEqual([...others, 'luca']);
  },
);

describe('line ends and NUL', () => {
  const EVIL = 'x\r\nOPER a b\nOPER c\rd\0e';
  const commands = (heard: readonly string[]): readonly string[] => [
    ...heard.filter((line) => line.startsWith('OPER') || /[\r\n\0]/.test(line)),
  ];

  test('in an account, a channel or the version begin no second command', async () => {
    server = await startScriptedNetwork({ capabilities: MODERN });
    bot = startTestChat({
      port: server.port,
      account: { kind: 'plain', name: EVIL, password: EVIL },
      channels: [`#ops${EVIL}`],
      version: EVIL,
    });
    const { heard } = server;
    await waitUntil('it has joined', () => heard.some((line) => line.startsWith('JOIN ')));
    server.push(':evil!u@h PRIVMSG sluice :\x01VERSION\x01');
    await waitUntil('it has told the version', () => heard.some((line) => line.startsWith('NOTICE ')));
    expect(commands(heard)).toEqual([]);
  });

  test('in a nick neither', async () => {
    const { server } = await open({}, EVIL);
    await waitUntil('it has said who it is', () => server.heard.some((line) => line.startsWith('USER ')));
    expect(server.heard[1]).toMatch(/^NICK :x OPER a b/);
    expect(commands(server.heard)).toEqual([]);
  });
});

test('a nick that services change is noticed, and asked back', async () => {
  let isRenamed = false;
  const { bot, server } = await open({
    special: (line) =>
      line === 'NICK sluice' && isRenamed ? [':Guest7!sluice@host NICK :sluice'] : undefined,
  });
  await bot.becomes('ready');
  isRenamed = true;
  server.push(':sluice!sluice@host NICK :Guest7', ':GUEST7!sluice@host PRIVMSG #ops :!pool own');
  await waitUntil('it knows', () => bot.chat.ownName() === 'Guest7');
  await waitUntil('the nick is back', () => bot.chat.ownName() === 'sluice');
  server.push(':luca!u@h PRIVMSG #ops :end');
  await bot.hearsText('end');
  expect(bot.heard).toHaveLength(1);
});
