import { afterEach, describe, expect, test } from '@jest/globals';
import { examineIrc } from '../../../src/adapters/irc/examine.ts';
import { doctorLineText } from '../../../src/core/doctor-line.ts';
import type { Script, ScriptedServer } from './scripted-server.ts';
import { friendlyScript, startScriptedServer } from './scripted-server.ts';

let server: ScriptedServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function examine(
  special?: Script,
  options: { timeoutMs?: number; tls?: boolean } = {},
): Promise<readonly string[]> {
  server = await startScriptedServer(friendlyScript(special));
  const lines = await examineIrc({
    host: '127.0.0.1',
    port: server.port,
    tls: options.tls === true ? { ca: undefined } : false,
    nick: 'sluice',
    account: { kind: 'plain', name: 'sluice', password: 'pass' },
    channels: ['#ops', '#second'],
    timeoutMs: options.timeoutMs ?? 5000,
  });
  return lines.map(doctorLineText);
}

/** Answers the lines that begin with these words. */
function when(beginning: string, ...answers: readonly string[]): Script {
  return (line) => (line.startsWith(beginning) ? answers : undefined);
}

const WELL = ['ok irc people are known by the account on each message', 'ok irc reactions approve'];

describe('examineIrc', () => {
  test('says that login and every channel work, and goes away', async () => {
    expect(await examine()).toEqual([
      `ok irc connected to 127.0.0.1:${String(server?.port)} in clear text`,
      'ok irc logged in as sluice',
      'ok irc may join #ops',
      'ok irc may join #second',
      'ok irc people are known by the account on each message',
      'ok irc reactions approve',
    ]);
    expect(server?.heard).toContain(`AUTHENTICATE ${Buffer.from('\0sluice\0pass').toString('base64')}`);
    expect(server?.heard).toContain('NICK sluice-check');
  });

  test('names a channel that may not be joined, and still tries the others', async () => {
    const lines = await examine(
      when('JOIN #ops', ':irc.test 473 sluice-check #ops :Cannot join channel (+i)'),
    );
    expect(lines.slice(2)).toEqual([
      'FAIL irc may not join #ops: Cannot join channel (+i)',
      'ok irc may join #second',
      ...WELL,
    ]);
  });

  test.each([
    ['CAP * LS :sasl account-notify extended-join', 'warn irc no account-tag: people are known by'],
    ['CAP * LS :sasl', 'FAIL irc the network tells nobody’s account'],
    ['CAP * LS :sasl account-tag message-tags', 'ok irc no reactions here: people say !approve ID'],
  ])('says what %s means', async (capabilities, line) => {
    const lines = await examine(when('CAP LS', `:irc.test ${capabilities}`));
    expect(lines).toContainEqual(expect.stringContaining(line));
  });

  test('says that a network which drops the tags of clients has no reactions', async () => {
    const lines = await examine(
      when(
        'CAP END',
        ':irc.test 005 x CLIENTTAGDENY=* :are supported',
        ':irc.test 001 sluice-check :Welcome',
      ),
    );
    expect(lines).toContain('ok irc no reactions here: people say !approve ID');
  });

  test('names a wrong password', async () => {
    const refused = when('AUTHENTICATE AH', ':irc.test 904 * :SASL authentication failed');
    expect((await examine(refused)).at(-1)).toBe(
      'FAIL irc login as sluice is refused: SASL authentication failed',
    );
  });

  test('says when services are away', async () => {
    const lines = await examine(when('CAP REQ', ':irc.test CAP * NAK :sasl'));
    expect(lines.at(-1)).toBe('FAIL irc the server offers no SASL now: are its services there?');
  });

  test('says what it waited for when services hang', async () => {
    const lines = await examine(when('AUTHENTICATE PLAIN'), { timeoutMs: 200 });
    expect(lines.at(-1)).toBe('FAIL irc waited 0.2 s for the login, in vain');
  });

  test('takes another nick when its own is in use', async () => {
    let refused = false;
    const lines = await examine((line) => {
      if (line !== 'NICK sluice-check' || refused) return undefined;
      refused = true;
      return [':irc.test 433 * sluice-check :Nickname is already in use'];
    });
    expect(lines).toContain('ok irc may join #second');
    expect(server?.heard.filter((line) => /^NICK sluice\d{4}$/.test(line))).toHaveLength(1);
  });

  test('answers a ping before the welcome', async () => {
    await examine(when('CAP END', 'PING :abc', ':irc.test 001 sluice-check :Welcome'));
    expect(server?.heard).toContain('PONG :abc');
  });

  test('says why the server closes the link', async () => {
    const lines = await examine(when('USER', 'ERROR :Closing link: throttled'));
    expect(lines.at(-1)).toBe('FAIL irc the server refuses: Closing link: throttled');
  });

  test('says that nobody listens', async () => {
    await examine();
    const port = server?.port ?? 0;
    await server?.close();
    const lines = await examineIrc({
      host: '127.0.0.1',
      port,
      tls: false,
      nick: 'sluice',
      account: { kind: 'plain', name: 'sluice', password: 'pass' },
      channels: ['#ops'],
      timeoutMs: 5000,
    });
    expect(lines.map(doctorLineText)).toEqual([
      `FAIL irc the connection to 127.0.0.1:${String(port)} failed: connect ECONNREFUSED 127.0.0.1:${String(port)}`,
    ]);
  });

  test('says what it waited for when the server does not take up TLS', async () => {
    const lines = await examine(undefined, { tls: true, timeoutMs: 200 });
    expect(lines).toEqual([
      `FAIL irc waited 0.2 s for the connection to 127.0.0.1:${String(server?.port)}, in vain`,
    ]);
  });
});
