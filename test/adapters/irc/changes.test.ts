import { afterEach, describe, expect, test } from '@jest/globals';
import { waitUntil } from '../../lab/process.ts';
import type { TestChat } from './heard.ts';
import { startTestChat } from './heard.ts';
import type { NetworkOptions } from './scripted-network.ts';
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
  options: Omit<NetworkOptions, 'capabilities'> = {},
): Promise<{ readonly server: ScriptedServer; readonly bot: TestChat }> {
  server = await startScriptedNetwork({ capabilities, ...options });
  bot = startTestChat({ port: server.port });
  await bot.becomes('ready');
  return { server, bot };
}

/** Luca is there, and this is the account; `between` comes before the end of the answer. */
function answerWhox(
  line: string,
  account: string,
  between: readonly string[] = [],
): readonly string[] | undefined {
  const token = /^WHO #ops %tcuhsnfdaor,(\d+)$/.exec(line)?.[1];
  if (token === undefined) return undefined;
  return [
    `:irc.test 354 sluice ${token} #ops u h irc.test luca H 0 ${account} n :x`,
    ...between,
    ':irc.test 315 sluice #ops :End of WHO',
  ];
}

describe('who is there', () => {
  const WHOX = 'CASEMAPPING=ascii WHOX';

  test('the accounts of those who were there before us are asked for', async () => {
    const { server, bot } = await open(FALLBACK, {
      isupport: WHOX,
      special: (line) => answerWhox(line, 'elukey'),
    });
    server.push(':luca!u@h PRIVMSG #ops :hello', ':luca!u@h ACCOUNT *', ':luca!u@h PRIVMSG #ops :out');
    expect((await bot.hearsText('hello')).actor.account).toBe('elukey');
    expect((await bot.hearsText('out')).actor.account).toBeUndefined();
  });

  test.each([
    ['logs out', [':luca!u@h ACCOUNT *']],
    ['goes', [':luca!u@h QUIT :x']],
    ['goes, and another takes the nick', [':luca!u@h QUIT :x', ':eve!e@h NICK :luca']],
    ['gives the nick away', [':luca!u@h NICK :luca_', ':eve!e@h NICK :luca']],
  ])('somebody who %s while the answer comes is not believed for it', async (_what, between) => {
    const { server, bot } = await open(FALLBACK, {
      isupport: WHOX,
      special: (line) => answerWhox(line, 'elukey', between),
    });
    server.push(':luca!u@h PRIVMSG sluice :late');
    expect((await bot.hearsText('late')).actor.account).toBeUndefined();
  });

  test('an answer without accounts takes nobody’s away', async () => {
    server = await startScriptedNetwork({ capabilities: FALLBACK, others: ['luca'] });
    bot = startTestChat({ port: server.port, channels: ['#ops', '#two'] });
    await bot.becomes('ready');
    server.push(
      ':luca!u@h QUIT :x',
      ':luca!u@h JOIN #ops elukey :x',
      ':irc.test CAP sluice DEL :multi-prefix',
    );
    server.push(':sluice!sluice@host JOIN #two', ':luca!u@h PRIVMSG #ops :one');
    await bot.hearsText('one');
    const asked = (): number => server?.heard.filter((line) => line.startsWith('WHO #two')).length ?? 0;
    await waitUntil('it has asked', () => asked() > 1);
    server.push(':luca!u@h PRIVMSG #ops :two');
    expect((await bot.hearsText('two')).actor.account).toBe('elukey');
  });
});

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

  test.each(['account-notify', 'extended-join'])(
    'what was known before %s went is not believed when it comes back',
    async (capability) => {
      const { server, bot } = await open(FALLBACK);
      server.push(':luca!u@h JOIN #ops elukey :x', ':luca!u@h PRIVMSG #ops :before');
      expect((await bot.hearsText('before')).actor.account).toBe('elukey');
      const asked = (): number => server.heard.filter((line) => line.startsWith('WHO #ops')).length;
      const before = asked();
      // In between luca logged out, and nobody told us.
      server.push(`:irc.test CAP sluice DEL :${capability}`, `:irc.test CAP sluice NEW :${capability}`);
      await waitUntil('it has asked who is there', () => asked() > before);
      server.push(':luca!u@h PRIVMSG #ops :after', ':luca!u@h QUIT :x', ':luca!u@h JOIN #ops elukey :x');
      server.push(':luca!u@h PRIVMSG #ops :again');
      expect((await bot.hearsText('after')).actor.account).toBeUndefined();
      expect((await bot.hearsText('again')).actor.account).toBe('elukey');
    },
  );

  test('when the server tells of people again it is asked who they are', async () => {
    const { server, bot } = await open(FALLBACK, {
      isupport: 'CASEMAPPING=ascii WHOX',
      special: (line) => answerWhox(line, 'elukey'),
    });
    server.push(':irc.test CAP sluice DEL :account-notify', ':luca!u@h PRIVMSG #ops :not told');
    expect((await bot.hearsText('not told')).actor.account).toBeUndefined();
    server.push(':irc.test CAP sluice NEW :account-notify');
    await waitUntil(
      'it has asked again',
      () => server.heard.filter((line) => line.startsWith('WHO ')).length > 1,
    );
    server.push(':luca!u@h PRIVMSG #ops :told');
    expect((await bot.hearsText('told')).actor.account).toBe('elukey');
  });

  test('account tags that come back are believed from then on, and what was told of people is not', async () => {
    const { server, bot } = await open(MODERN);
    server.push(':luca!u@h JOIN #ops elukey :x', ':irc.test CAP sluice DEL :account-tag');
    server.push(':irc.test CAP sluice NEW :account-tag');
    await waitUntil('it has asked for them', () =>
      server.heard.some((line) => line === 'CAP REQ :account-tag'),
    );
    server.push(':luca!u@h PRIVMSG #ops :tagless', '@account=jijiki :luca!u@h PRIVMSG #ops :tagged');
    expect((await bot.hearsText('tagless')).actor.account).toBeUndefined();
    expect((await bot.hearsText('tagged')).actor.account).toBe('jijiki');
  });

  test('without tags a line has no label, and is proven by its text', async () => {
    const { server, bot } = await open(MODERN);
    server.push(':irc.test CAP sluice DEL :message-tags');
    await waitUntil('reactions are gone', () => !bot.chat.capabilities('#ops').reactions);
    expect(await bot.chat.send('#ops', 'plain', { key: 'a', urgency: 'result' })).toMatchObject({
      ok: true,
      value: { proof: 'echo' },
    });
    expect(server.heard.at(-1)).toBe('PRIVMSG #ops :plain');
    server.push(':irc.test CAP sluice NEW :message-tags');
    await waitUntil('reactions are back', () => bot.chat.capabilities('#ops').reactions);
  });

  test('services that go and come back do not disturb who is logged in', async () => {
    const { server, bot } = await open(MODERN);
    server.push(':irc.test CAP sluice DEL :sasl', ':irc.test CAP sluice NEW :sasl=PLAIN,EXTERNAL');
    await waitUntil('it has asked for it', () => server.heard.includes('CAP REQ :sasl'));
    server.push('@account=elukey :luca!u@h PRIVMSG #ops :after');
    await bot.hearsText('after');
    expect(bot.states).toEqual(['connecting', 'ready']);
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
