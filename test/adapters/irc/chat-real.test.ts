import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IRC_BOUNDS } from '../../../src/adapters/irc/options.ts';
import type { Result } from '../../../src/core/result.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { Actor, Sent, Urgency } from '../../../src/ports/chat.ts';
import type { IrcPerson } from '../../lab/irc-client.ts';
import { connectIrc } from '../../lab/irc-client.ts';
import type { LabIrc } from '../../lab/irc.ts';
import { startIrc } from '../../lab/irc.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import type { TestChat } from './heard.ts';
import { startTestChat } from './heard.ts';

let runDir: RunDir;
let irc: LabIrc;
let bot: TestChat;
let elukey: IrcPerson;
let stranger: IrcPerson;

beforeAll(async () => {
  runDir = makeRunDir();
  irc = await startIrc(runDir, { accounts: ['sluice', 'elukey', 'jijiki'] });
  bot = startTestChat({ port: irc.port });
  [elukey, stranger] = await Promise.all([
    connectIrc({ port: irc.port, nick: 'luca', account: 'elukey' }),
    connectIrc({ port: irc.port, nick: 'jijiki' }),
  ]);
  await Promise.all([elukey.join('#ops'), stranger.join('#ops'), bot.becomes('ready')]);
  elukey.raw('OPER testoper operpass');
  elukey.raw('SAMODE #ops +o sluice');
});

afterAll(async () => {
  await bot.chat.close();
  await Promise.all([elukey.quit(), stranger.quit()]);
  await Promise.all([irc.processes.inspircd.stop(), irc.processes.services.stop()]);
  runDir.remove();
});

/** Somebody as IRC knows them. */
function called(display: string): Actor {
  return { transport: 'irc', account: undefined, display };
}

async function send(line: string, urgency: Urgency = 'result'): Promise<Result<Sent>> {
  return bot.chat.send('#ops', line, { key: line, urgency });
}

describe('on a real network', () => {
  test('it is ready once it is logged in and has joined', () => {
    expect(bot.states).toEqual(['connecting', 'ready']);
    expect(bot.chat.ownName()).toBe('sluice');
  });

  test('a message carries the account of who said it, whatever their nick is', async () => {
    elukey.say('#ops', '!status one');
    const event = await bot.hearsText('!status one');
    expect(event).toMatchObject({
      replay: false,
      channel: '#ops',
      actor: { transport: 'irc', account: 'elukey', display: 'luca' },
      addressed: false,
      inReplyTo: undefined,
    });
    expect(event.eventKey).toBe(`irc:127.0.0.1:${event.ref?.id ?? 'none'}`);
    expect(Math.abs(event.at - Date.now())).toBeLessThan(60_000);
  });

  test('somebody whose nick is the name of an account, and who is not logged in, has no account', async () => {
    stranger.say('#ops', '!approve k7f');
    expect((await bot.hearsText('!approve k7f')).actor).toEqual({
      transport: 'irc',
      account: undefined,
      display: 'jijiki',
    });
  });

  test('tags that a client makes up are not believed', async () => {
    stranger.raw('@account=elukey;msgid=mine;time=2020-01-01T00:00:00.000Z PRIVMSG #ops :!approve forged');
    const event = await bot.hearsText('!approve forged');
    expect(event.actor.account).toBeUndefined();
    expect(event.ref?.id).not.toBe('mine');
    expect(event.replay).toBe(false);
  });

  test('words to our nick are addressed, without the nick', async () => {
    elukey.say('#ops', 'Sluice: !status two');
    expect(await bot.hearsText('!status two')).toMatchObject({ addressed: true });
  });

  test('formatting is taken off before anybody reads it', async () => {
    elukey.say('#ops', '\x02!pool\x02 \x0304,12maps1005\x03 kartotherian');
    expect(await bot.hearsText('!pool maps1005 kartotherian')).toMatchObject({ kind: 'text' });
  });

  test('a private message has no channel', async () => {
    elukey.say('sluice', '!status private');
    expect(await bot.hearsText('!status private')).toMatchObject({ channel: undefined });
  });

  test('notices, requests between clients, words to operators only, and our own lines are not heard', async () => {
    elukey.raw('NOTICE #ops :!pool notice');
    elukey.raw('PRIVMSG #ops :\x01ACTION !pool action\x01');
    elukey.raw('PRIVMSG #ops :\x01!pool half');
    elukey.raw('PRIVMSG @#ops :!pool operators');
    await send('!pool own');
    elukey.say('#ops', 'end of the unheard');
    await bot.hearsText('end of the unheard');
    const texts = bot.heard.map((event) => (event.kind === 'text' ? event.text : ''));
    expect(texts.filter((text) => text.includes('!pool '))).toEqual(['!pool maps1005 kartotherian']);
  });

  test('the echo of a line is its proof, and gives its id', async () => {
    const seen = elukey.waitFor(/^k7f waits$/);
    const sent = await send('k7f waits');
    const { msgid } = await seen;
    expect(sent).toEqual({
      ok: true,
      value: { proof: 'echo', ref: { transport: 'irc', channel: '#ops', id: msgid } },
    });
    expect(bot.chat.capabilities('#ops').reactions).toBe(true);
  });

  test('a reaction tells who reacted with what to which line', async () => {
    const sent = await send('m3k waits');
    const id = sent.ok ? (sent.value.ref?.id ?? '') : '';
    elukey.react('#ops', id, '✅');
    const event = await bot.hears(({ kind }) => kind === 'reaction');
    expect(event).toMatchObject({ targetId: id, emoji: '✅', actor: { account: 'elukey' }, channel: '#ops' });
  });

  test('an answer to a line tells which', async () => {
    elukey.raw('@+draft/reply=abc PRIVMSG #ops :!approve by reply');
    expect(await bot.hearsText('!approve by reply')).toMatchObject({ inReplyTo: 'abc' });
  });

  test('line breaks, NUL and other controls in a text stay one line', async () => {
    const from = elukey.lines.length;
    await send('!log one\r\n!log two\nQUIT\0\x01three\x0305');
    await send('after');
    await elukey.waitFor(/^after$/, undefined, { since: from });
    expect(elukey.lines.slice(from).map(({ text }) => text)).toEqual([
      '!log one !log two QUIT three 05',
      'after',
    ]);
  });

  test.each(['x\r\nQUIT', '#ops\r\nQUIT', 'luca nick', '#ops', 'luca,jijiki', '', ':luca', 'lu\0ca'])(
    'nothing is told to %j',
    async (target) => {
      expect(await bot.chat.tell(called(target), 'hello')).toMatchObject({
        ok: false,
        fault: { kind: 'chat-refused' },
      });
      expect(bot.chat.state()).toBe('ready');
    },
  );

  test('a line to a channel that is not configured is refused', async () => {
    const sent = await bot.chat.send('#elsewhere', 'hello', { key: 'a', urgency: 'result' });
    expect(sent).toMatchObject({ ok: false, fault: { kind: 'chat-refused' } });
  });

  test('one person is told in private; somebody who is not there is a refusal', async () => {
    const seen = elukey.waitFor(/^use the channel$/);
    expect(await bot.chat.tell(called('luca'), 'use the channel')).toEqual({ ok: true, value: undefined });
    expect((await seen).target).toBe('luca');
    expect(await bot.chat.tell(called('nobody'), 'use the channel')).toMatchObject({
      ok: false,
      fault: { kind: 'chat-refused', channel: 'nobody' },
    });
  });

  test('a line of exactly the room arrives whole; a longer one is cut by us, between letters', async () => {
    const { roomBytes } = bot.chat.capabilities('#ops');
    const whole = `w${'x'.repeat(roomBytes - 2)}w`;
    const from = elukey.lines.length;
    await send(whole);
    await send('é'.repeat(600));
    await send('end of the long');
    await elukey.waitFor(/^end of the long$/, undefined, { since: from });
    const [first, second] = elukey.lines.slice(from).map(({ text }) => text);
    expect(first).toBe(whole);
    expect(second).toMatch(/^é+\.\.\.$/);
    expect(roomBytes - Buffer.byteLength(second ?? '')).toBeLessThan(2);
  });

  test('a log line that has no room is refused, not cut', async () => {
    expect(await send(`!log ${'x'.repeat(600)}`, 'log')).toMatchObject({
      ok: false,
      fault: { kind: 'chat-refused' },
    });
  });

  test('a line that the channel will not have is a refusal', async () => {
    elukey.raw('SAMODE #ops -o sluice');
    elukey.raw('SAMODE #ops +m');
    await waitUntil('the channel is moderated', async () => !(await send('may I?')).ok);
    expect(await send('may I?')).toMatchObject({
      ok: false,
      fault: { kind: 'chat-refused', transport: 'irc', channel: '#ops' },
    });
    elukey.raw('SAMODE #ops -m');
    await waitUntil('the channel is free again', async () => (await send('may I now?')).ok);
  });

  test('history that the server replays on joining is never taken for live words', async () => {
    elukey.raw('SAMODE #ops +H 20:1h');
    elukey.say('#ops', '!depool history');
    await bot.hearsText('!depool history');
    const later = startTestChat({
      port: irc.port,
      nick: 'sluice2',
      account: { kind: 'plain', name: 'jijiki', password: 'pw-jijiki' },
    });
    try {
      await later.becomes('ready');
      // The server did replay: a newcomer who does not look closer sees the line as if it were said now.
      const newcomer = await connectIrc({ port: irc.port, nick: 'newcomer' });
      await newcomer.join('#ops');
      await newcomer.waitFor(/^!depool history$/, undefined, { since: 0 });
      await newcomer.quit();
      elukey.say('#ops', 'live again');
      await later.hearsText('live again');
      const old = later.heard.filter((event) => event.kind === 'text' && event.text === '!depool history');
      expect(old.filter(({ replay }) => !replay)).toEqual([]);
    } finally {
      await later.chat.close();
      elukey.raw('SAMODE #ops -H');
    }
  });

  test('thrown out of a channel it comes back and is ready again', async () => {
    const before = bot.states.length;
    elukey.raw('SAMODE #ops +o luca');
    elukey.raw('KICK #ops sluice :oops');
    await waitUntil('it has noticed', () => bot.states.length > before);
    await bot.becomes('ready');
    expect(bot.states.slice(before)).toEqual(['down', 'connecting', 'ready']);
  });

  test('with a client certificate it logs in without a password, and checks the authority of the server', async () => {
    const [cert, key] = makeClientCertificate(runDir.folder('client'));
    const fingerprint = new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();
    elukey.say('NickServ', `CERT ADD ${fingerprint}`);
    await elukey.waitFor(/added/i);
    const over = { port: irc.tlsPort, nick: 'sluice3', account: { kind: 'external', cert, key } } as const;
    const ca = readFileSync(irc.certFile, 'utf8');
    const trusting = startTestChat({ ...over, tls: { ca } });
    const doubting = startTestChat({ ...over, nick: 'sluice4', tls: { ca: undefined } });
    try {
      await trusting.becomes('ready');
      expect(await trusting.chat.send('#ops', 'over TLS', { key: 'a', urgency: 'result' })).toMatchObject({
        ok: true,
        value: { proof: 'echo' },
      });
      expect(doubting.states).toContain('down');
      expect(doubting.states).not.toContain('ready');
    } finally {
      await Promise.all([trusting.chat.close(), doubting.chat.close()]);
    }
  });

  test('a wrong password is never ready, and is not tried again soon', async () => {
    const told: object[] = [];
    const wrong = startTestChat(
      {
        port: irc.port,
        nick: 'wrong',
        account: { kind: 'plain', name: 'sluice', password: 'no' },
      },
      { ...silentLog, error: (fields) => told.push(fields) },
    );
    try {
      await wrong.becomes('down');
      expect(wrong.states).toEqual(['connecting', 'down']);
      expect(told).toMatchObject([{ retryInMs: IRC_BOUNDS.backoffAuthMs }]);
    } finally {
      await wrong.chat.close();
    }
  });
});

function makeClientCertificate(folder: string): readonly [string, string] {
  const [cert, key] = [join(folder, 'client.pem'), join(folder, 'client-key.pem')];
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=sluice'.split(' ');
  execFileSync('openssl', [...request, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return [readFileSync(cert, 'utf8'), readFileSync(key, 'utf8')];
}
