import { afterEach, describe, expect, test } from '@jest/globals';
import { waitUntil } from '../../lab/process.ts';
import type { TestChat } from './heard.ts';
import { startTestChat } from './heard.ts';
import { startScriptedNetwork } from './scripted-network.ts';
import type { ScriptedServer } from './scripted-server.ts';

const FALLBACK = ['account-notify', 'extended-join'];
const MODERN = [...FALLBACK, 'echo-message', 'labeled-response', 'account-tag'];

let server: ScriptedServer | undefined;
let bot: TestChat | undefined;

afterEach(async () => {
  await bot?.chat.close();
  await server?.close();
  [bot, server] = [undefined, undefined];
});

async function open(
  capabilities: readonly string[],
): Promise<{ readonly server: ScriptedServer; readonly bot: TestChat }> {
  server = await startScriptedNetwork({ capabilities });
  bot = startTestChat({ port: server.port });
  await bot.becomes('ready');
  return { server, bot };
}

describe('a netsplit', () => {
  test('takes nobody’s account for somebody else who comes under the nick, and gives it back with the person', async () => {
    const { server, bot } = await open(FALLBACK);
    server.push(':luca!u@h JOIN #ops elukey :x', ':luca!u@h QUIT :irc1.test irc2.test');
    server.push(':luca!other@h JOIN #ops * :x', ':luca!other@h PRIVMSG #ops :split');
    server.push(
      ':luca!other@h NICK :luca_',
      ':luca!u@h JOIN #ops elukey :x',
      ':luca!u@h PRIVMSG #ops :healed',
    );
    expect((await bot.hearsText('split')).actor.account).toBeUndefined();
    expect((await bot.hearsText('healed')).actor.account).toBe('elukey');
    expect(bot.chat.state()).toBe('ready');
  });

  test('with account tags the server’s word counts from the first line after it', async () => {
    const { server, bot } = await open(MODERN);
    server.push(':luca!u@h JOIN #ops elukey :x', ':luca!u@h QUIT :irc1.test irc2.test');
    server.push(':luca!u@h JOIN #ops elukey :x', '@account=elukey :luca!u@h PRIVMSG #ops :!approve k7f');
    expect((await bot.hearsText('!approve k7f')).actor.account).toBe('elukey');
  });
});

describe('capabilities that come and go', () => {
  test('without account tags from now on, what the server tells of people counts', async () => {
    const { server, bot } = await open(MODERN);
    server.push(':luca!u@h JOIN #ops elukey :x', ':irc.test CAP sluice DEL :account-tag');
    server.push(':luca!u@h PRIVMSG #ops :after', ':luca!u@h ACCOUNT *', ':luca!u@h PRIVMSG #ops :logged out');
    expect((await bot.hearsText('after')).actor.account).toBe('elukey');
    expect((await bot.hearsText('logged out')).actor.account).toBeUndefined();
  });

  test('without all of them nobody is believed', async () => {
    const { server, bot } = await open(MODERN);
    server.push(':luca!u@h JOIN #ops elukey :x');
    server.push(':irc.test CAP sluice DEL :account-tag account-notify', ':luca!u@h PRIVMSG #ops :after');
    expect((await bot.hearsText('after')).actor.account).toBeUndefined();
  });

  test('without echoes there are no reactions; with them again there are', async () => {
    const { server, bot } = await open(MODERN);
    const hasReactions = (): boolean => bot.chat.capabilities('#ops').reactions;
    expect(hasReactions()).toBe(true);
    server.push(':irc.test CAP sluice DEL :echo-message');
    await waitUntil('reactions are gone', () => !hasReactions());
    server.push(':irc.test CAP sluice NEW :echo-message');
    await waitUntil('reactions are back', hasReactions);
    expect(bot.chat.state()).toBe('ready');
  });
});

test('a server that is not there is tried again and again', async () => {
  const first = await startScriptedNetwork({ capabilities: MODERN });
  const { port } = first;
  await first.close();
  bot = startTestChat({ port });
  const tries = (): number => bot?.states.filter((state) => state === 'connecting').length ?? 0;
  await waitUntil('it has tried three times', () => tries() >= 3);
  expect(bot.states).not.toContain('ready');
});
