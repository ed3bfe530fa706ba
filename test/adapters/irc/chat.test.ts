import { afterEach, describe, expect, test } from '@jest/globals';
import { waitUntil } from '../../lab/process.ts';
import type { TestChat } from './heard.ts';
import { startTestChat } from './heard.ts';
import type { NetworkOptions } from './scripted-network.ts';
import { startScriptedNetwork } from './scripted-network.ts';
import type { ScriptedServer } from './scripted-server.ts';

const MODERN = ['echo-message', 'labeled-response', 'account-tag', 'account-notify', 'extended-join'];

let server: ScriptedServer | undefined;
let bot: TestChat | undefined;

afterEach(async () => {
  await bot?.chat.close();
  await server?.close();
  bot = undefined;
  server = undefined;
});

/** Both sides of a talk, ready. */
async function open(
  network: NetworkOptions,
  options: Omit<Parameters<typeof startTestChat>[0], 'port'> = {},
): Promise<{ server: ScriptedServer; bot: TestChat }> {
  server = await startScriptedNetwork(network);
  bot = startTestChat({ port: server.port, ...options });
  await bot.becomes('ready');
  return { server, bot };
}

const now = (): string => new Date().toISOString();

describe('reactions', () => {
  test.each([
    ['CASEMAPPING=ascii', true],
    ['CLIENTTAGDENY=*', false],
    ['CLIENTTAGDENY=*,-typing', false],
    ['CLIENTTAGDENY=*,-draft/react,-draft/reply', true],
    ['CLIENTTAGDENY=*,-react,-reply', true],
    ['CLIENTTAGDENY=*,-reply', false],
    ['CLIENTTAGDENY=typing', true],
    ['CLIENTTAGDENY=react,draft/react', false],
    ['CLIENTTAGDENY=draft/react', false],
    ['CLIENTTAGDENY=react', false],
    ['CLIENTTAGDENY=draft/reply', false],
    ['CLIENTTAGDENY=', true],
    ['CLIENTTAGDENY', true],
  ])('with %s they are there: %s', async (isupport, reactions) => {
    const { bot } = await open({ capabilities: MODERN, isupport });
    expect(bot.chat.capabilities('#ops').reactions).toBe(reactions);
  });

  test('what the server says of them while we are there counts from then on', async () => {
    const { bot, server } = await open({ capabilities: MODERN });
    const hasReactions = (): boolean => bot.chat.capabilities('#ops').reactions;
    expect(hasReactions()).toBe(true);
    server.push(':irc.test 005 sluice CLIENTTAGDENY=*,-typing :are supported');
    await waitUntil('reactions are gone', () => !hasReactions());
    server.push(':irc.test 005 sluice CLIENTTAGDENY= :are supported');
    await waitUntil('reactions are back', hasReactions);
    expect(bot.states).toEqual(['connecting', 'ready']);
  });

  test('without echoes nobody could say which line is meant', async () => {
    const { bot } = await open({ capabilities: [] });
    expect(bot.chat.capabilities('#ops').reactions).toBe(false);
  });
});

describe('who', () => {
  const FALLBACK = ['account-notify', 'extended-join'];

  test('with account tags a message without one is from nobody, whatever was known', async () => {
    const { bot, server } = await open({ capabilities: MODERN });
    server.push(':luca!u@h JOIN #ops elukey :x', ':luca!u@h PRIVMSG #ops :tagless');
    expect((await bot.hearsText('tagless')).actor.account).toBeUndefined();
  });

  test('without account tags, what the server told of people counts', async () => {
    const { bot, server } = await open({ capabilities: FALLBACK });
    server.push(':luca!u@h JOIN #ops elukey :x', ':luca!u@h PRIVMSG #ops :in', ':luca!u@h NICK :luca2');
    server.push(':luca2!u@h PRIVMSG #ops :renamed', ':luca2!u@h ACCOUNT *', ':luca2!u@h PRIVMSG #ops :out');
    expect((await bot.hearsText('in')).actor.account).toBe('elukey');
    expect((await bot.hearsText('renamed')).actor.account).toBe('elukey');
    expect((await bot.hearsText('out')).actor.account).toBeUndefined();
  });

  test('somebody who left the channel is not known any more', async () => {
    const { bot, server } = await open({ capabilities: FALLBACK });
    server.push(':luca!u@h JOIN #ops elukey :x', ':luca!u@h PART #ops', ':luca!u@h PRIVMSG sluice :gone');
    expect((await bot.hearsText('gone')).actor.account).toBeUndefined();
  });

  test('nicks that differ for the server are two people', async () => {
    const { bot, server } = await open({ capabilities: FALLBACK });
    server.push(':a[!u@h JOIN #ops elukey :x', ':a{!u@h JOIN #ops * :x', ':a[!u@h PRIVMSG #ops :square');
    server.push(':a{!u@h PRIVMSG #ops :curly');
    expect((await bot.hearsText('square')).actor.account).toBe('elukey');
    expect((await bot.hearsText('curly')).actor.account).toBeUndefined();
  });

  test('where the server does not tell when people log out, nobody is identified', async () => {
    const { bot, server } = await open({ capabilities: ['extended-join'] });
    server.push(':luca!u@h JOIN #ops elukey :x', ':luca!u@h PRIVMSG #ops :hello');
    expect((await bot.hearsText('hello')).actor.account).toBeUndefined();
  });
});

describe('what comes again', () => {
  test('a message that comes twice is heard once, also over a new connection', async () => {
    const { bot, server } = await open({ capabilities: MODERN });
    const line = `@msgid=m1;time=${now()} :luca!u@h PRIVMSG #ops :!pool once`;
    server.push(line, line);
    await bot.hearsText('!pool once');
    server.hangUp();
    await waitUntil('a new connection', () => bot.states.length > 2);
    await bot.becomes('ready');
    server.push(line, `@msgid=m2;time=${now()} :luca!u@h PRIVMSG #ops :end`);
    await bot.hearsText('end');
    expect(bot.heard).toHaveLength(2);
  });

  test.each(['chathistory', 'znc.in/playback'])('a batch of %s is history', async (type) => {
    const { bot, server } = await open({ capabilities: MODERN });
    server.push(
      `:irc.test BATCH +1 ${type} #ops`,
      `@batch=1;time=${now()};msgid=m1;account=elukey :luca!u@h PRIVMSG #ops :!depool old`,
      ':irc.test BATCH -1',
    );
    expect(await bot.hearsText('!depool old')).toMatchObject({ replay: true });
  });

  test('without server times nothing is live in the first seconds', async () => {
    const { bot, server } = await open({ capabilities: MODERN });
    server.push(':luca!u@h PRIVMSG #ops :!depool timeless');
    expect(await bot.hearsText('!depool timeless')).toMatchObject({ replay: true });
  });
});

describe('life', () => {
  test('logged out by services it is not ready, and logs in again', async () => {
    const { bot, server } = await open({ capabilities: MODERN });
    server.push(':irc.test 901 sluice sluice!u@h :You are now logged out');
    await waitUntil('it is down', () => bot.states.includes('down'));
    await bot.becomes('ready');
  });

  test('a server that does not log us in is never ready', async () => {
    server = await startScriptedNetwork({
      capabilities: MODERN,
      special: (line) =>
        line.startsWith('CAP LS') ? [':irc.test CAP * LS :message-tags server-time'] : undefined,
    });
    bot = startTestChat({ port: server.port });
    const { states } = bot;
    await waitUntil('two tries', () => states.filter((state) => state === 'down').length >= 2);
    expect(states).not.toContain('ready');
  });

  test('a channel that it may not join keeps it from being ready', async () => {
    server = await startScriptedNetwork({
      capabilities: MODERN,
      special: (line) =>
        line.startsWith('JOIN') ? [':irc.test 474 sluice #ops :Cannot join channel (+b)'] : undefined,
    });
    bot = startTestChat({ port: server.port });
    const { states } = bot;
    await waitUntil('two tries', () => states.filter((state) => state === 'down').length >= 2);
    expect(states).not.toContain('ready');
  });

  test('a line that the library cannot take does not end anything', async () => {
    const { bot, server } = await open({ capabilities: MODERN });
    server.push(':irc.test 005 sluice STATUSMSG CHANTYPES :odd', `@time=${now()} :luca!u@h PRIVMSG #ops :on`);
    await bot.hearsText('on');
    expect(bot.states).toEqual(['connecting', 'ready']);
  });

  test('strangers who ask for the version cannot make it flood', async () => {
    const { bot, server } = await open({ capabilities: MODERN });
    for (let i = 0; i < 20; i++) server.push(':evil!u@h PRIVMSG sluice :\x01VERSION\x01');
    server.push(`@time=${now()} :luca!u@h PRIVMSG #ops :after`);
    await bot.hearsText('after');
    await bot.chat.send('#ops', 'done', { key: 'a', urgency: 'result' });
    expect(server.heard.filter((line) => line.startsWith('NOTICE'))).toEqual([
      'NOTICE evil :\x01VERSION Sluice\x01',
    ]);
  });

  test('the room shrinks with what others see of us', async () => {
    const { bot, server } = await open({ capabilities: MODERN });
    const before = bot.chat.capabilities('#ops').roomBytes;
    expect(before).toBe(510 - Buffer.byteLength(':sluice!sluice@host PRIVMSG #ops :'));
    server.push(':irc.test 396 sluice wikimedia/bot/sluice :is now your displayed host');
    server.push(`@time=${now()} :luca!u@h PRIVMSG #ops :after`);
    await bot.hearsText('after');
    expect(bot.chat.capabilities('#ops').roomBytes).toBe(before - 'wikimedia/bot/sluice'.length + 4);
  });

  test('closed while it connects to a server that says nothing, it is closed within the bound', async () => {
    server = await startScriptedNetwork({ capabilities: [], special: () => [] });
    const silent = startTestChat({ port: server.port, bounds: { quitWithinMs: 100 } });
    await waitUntil('it has called', () => (server?.heard.length ?? 0) > 0);
    await silent.chat.close();
    expect(silent.chat.state()).toBe('down');
  });
});
