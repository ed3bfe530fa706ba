import { afterEach, describe, expect, test } from '@jest/globals';
import type { Result } from '../../../src/core/result.ts';
import type { Log } from '../../../src/observe/log.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { Sent, Urgency } from '../../../src/ports/chat.ts';
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

describe('proof', () => {
  test('without echoes the answer to a PING proves that the server has taken the line', async () => {
    const { bot, server } = await open({ capabilities: [] });
    expect(await bot.chat.send('#ops', 'hello', { key: 'a', urgency: 'result' })).toEqual({
      ok: true,
      value: { proof: 'taken', ref: undefined },
    });
    expect(server.heard).toContain('PRIVMSG #ops :hello');
  });

  test('without labels an echo is matched by its text', async () => {
    const { bot } = await open({ capabilities: ['echo-message'] });
    const sent = await Promise.all(
      ['one', 'two', 'two'].map((line) => bot.chat.send('#ops', line, { key: line, urgency: 'result' })),
    );
    expect(sent.map((one) => one.ok && one.value.ref?.id)).toEqual(['id1', 'id2', 'id3']);
  });

  test('a line that comes back shorter is said as it is, and told to whoever runs Sluice', async () => {
    const told: object[] = [];
    const log: Log = { ...silentLog, error: (fields) => told.push(fields) };
    server = await startScriptedNetwork({
      capabilities: MODERN,
      special: (line) => {
        const label = /^@label=(\S+) PRIVMSG #ops :a long line$/.exec(line)?.[1];
        return label === undefined
          ? undefined
          : [`@msgid=m1;label=${label} :sluice!sluice@a.longer.host PRIVMSG #ops :a long`];
      },
    });
    bot = startTestChat({ port: server.port }, log);
    await bot.becomes('ready');
    const before = bot.chat.capabilities('#ops').roomBytes;
    expect(await bot.chat.send('#ops', 'a long line', { key: 'a', urgency: 'log' })).toMatchObject({
      ok: true,
      value: { proof: 'echo', ref: { id: 'm1' } },
    });
    expect(told).toEqual([{ sent: 'a long line', seen: 'a long' }]);
    expect(bot.chat.capabilities('#ops').roomBytes).toBe(before - 'a.longer.host'.length + 'host'.length);
  });

  test('a line without its echo has no proof', async () => {
    const { bot } = await open(
      { capabilities: MODERN, special: (line) => (line.includes('PRIVMSG') ? [] : undefined) },
      { bounds: { echoWithinMs: 50 } },
    );
    expect(await bot.chat.send('#ops', 'hello', { key: 'a', urgency: 'result' })).toEqual({
      ok: true,
      value: { proof: 'none', ref: undefined },
    });
  });

  test('a refusal belongs to the line that it answers', async () => {
    const { bot } = await open({
      capabilities: MODERN,
      special: (line) =>
        line.endsWith('PRIVMSG #ops :two')
          ? [':irc.test 404 sluice #OPS :Cannot send to channel']
          : undefined,
    });
    const sent = await Promise.all(
      ['one', 'two', 'three'].map((line) => bot.chat.send('#ops', line, { key: line, urgency: 'result' })),
    );
    expect(sent.map((one) => (one.ok ? one.value.proof : one.fault))).toEqual([
      'echo',
      { kind: 'chat-refused', transport: 'irc', channel: '#ops', cause: 'Cannot send to channel' },
      'echo',
    ]);
  });

  test('when the link breaks, a line in flight has no proof, a waiting one was not sent, and the state says so', async () => {
    const { bot, server } = await open(
      { capabilities: MODERN, special: (line) => (line.includes('PRIVMSG') ? [] : undefined) },
      { rate: { burst: 1, everyMs: 60_000 } },
    );
    const states: string[] = [];
    const lines = ['in flight', 'waiting'].map(async (line) => {
      const sent = await bot.chat.send('#ops', line, { key: line, urgency: 'result' });
      states.push(bot.chat.state());
      return sent;
    });
    await waitUntil('the line is there', () => server.heard.some((line) => line.endsWith(':in flight')));
    server.hangUp();
    expect(await Promise.all(lines)).toEqual([
      { ok: true, value: { proof: 'none', ref: undefined } },
      { ok: false, fault: { kind: 'chat-down', transport: 'irc', cause: 'the connection was lost' } },
    ]);
    expect(states).toEqual(['down', 'down']);
  });

  test.each(['', ' ', '\r\n', '\0\x02\x0f'])(
    'a line of %j is refused: the server would not say so',
    async (line) => {
      const { bot, server } = await open({ capabilities: MODERN });
      expect(await bot.chat.send('#ops', line, { key: 'a', urgency: 'result' })).toMatchObject({
        ok: false,
        fault: { kind: 'chat-refused', cause: 'no text' },
      });
      expect(server.heard.filter((one) => one.includes('PRIVMSG'))).toEqual([]);
    },
  );

  test('more progress than may wait keeps no result out, and newer progress takes its place', async () => {
    const { bot, server } = await open(
      { capabilities: MODERN },
      { rate: { burst: 1, everyMs: 200 }, bounds: { mostWaiting: 2 } },
    );
    const say = (line: string, key: string, urgency: Urgency): Promise<Result<Sent>> =>
      bot.chat.send('#ops', line, { key, urgency });
    const sent = await Promise.all([
      say('first', 'first', 'result'),
      say('k7f 1', 'k7f', 'progress'),
      say('m3k 1', 'm3k', 'progress'),
      say('p4w 1', 'p4w', 'progress'),
      say('m3k 2', 'm3k', 'progress'),
      say('k7f done', 'done', 'result'),
      say('!log k7f', 'log', 'log'),
    ]);
    expect(sent.map((one) => (one.ok ? one.value.proof : one.fault.kind))).toEqual([
      'echo',
      'echo',
      'none',
      'chat-down',
      'echo',
      'echo',
      'echo',
    ]);
    expect(server.heard.flatMap((line) => / PRIVMSG #ops :(.*)$/.exec(line)?.[1] ?? [])).toEqual([
      'first',
      'k7f done',
      '!log k7f',
      'k7f 1',
      'm3k 2',
    ]);
  });

  test('more lines than may wait are not taken', async () => {
    const { bot } = await open(
      { capabilities: MODERN },
      { rate: { burst: 1, everyMs: 60_000 }, bounds: { mostWaiting: 1 } },
    );
    const sent = ['one', 'two', 'three'].map((line) =>
      bot.chat.send('#ops', line, { key: line, urgency: 'result' }),
    );
    expect(await sent[2]).toMatchObject({ ok: false, fault: { kind: 'chat-down' } });
    expect(await sent[0]).toMatchObject({ ok: true });
  });
});
