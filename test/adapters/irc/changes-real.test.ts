import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IrcPerson } from '../../lab/irc-client.ts';
import { connectIrc } from '../../lab/irc-client.ts';
import type { LabIrc } from '../../lab/irc.ts';
import { startIrc } from '../../lab/irc.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import type { TestChat } from './heard.ts';
import { startTestChat } from './heard.ts';

jest.setTimeout(20_000);

let runDir: RunDir;
let irc: LabIrc;
let bot: TestChat;
let elukey: IrcPerson;
let operator: IrcPerson;

beforeAll(async () => {
  runDir = makeRunDir();
  irc = await startIrc(runDir, { accounts: ['sluice', 'elukey'] });
  bot = startTestChat({ port: irc.port });
  [elukey, operator] = await Promise.all([
    connectIrc({ port: irc.port, nick: 'luca', account: 'elukey' }),
    connectIrc({ port: irc.port, nick: 'operator' }),
  ]);
  operator.raw('OPER testoper operpass');
  await Promise.all([elukey.join('#ops'), operator.join('#ops'), bot.becomes('ready')]);
});

afterAll(async () => {
  await bot.chat.close();
  await Promise.all([elukey.quit(), operator.quit()]);
  await Promise.all([irc.processes.inspircd.stop(), irc.processes.services.stop()]);
  runDir.remove();
});

const hasReactions = (): boolean => bot.chat.capabilities('#ops').reactions;

/** Luca says it; resolves with the account that the bot has for it. */
async function accountFor(text: string): Promise<string | undefined> {
  elukey.say('#ops', text);
  return (await bot.hearsText(text)).actor.account;
}

async function logOut(): Promise<void> {
  const told = elukey.waitFor(/logged out/);
  elukey.say('NickServ', 'LOGOUT');
  await told;
}

async function logIn(): Promise<void> {
  const told = elukey.waitFor(/now identified/);
  elukey.say('NickServ', 'IDENTIFY elukey pw-elukey');
  await told;
}

/** The server loses a module, and with it what it offered; `work` is done without it, then it is there again. */
async function without(module: string, work: () => Promise<void>): Promise<void> {
  operator.raw(`UNLOADMODULE ${module}`);
  try {
    await work();
  } finally {
    operator.raw(`LOADMODULE ${module}`);
  }
}

/** What the operator says after a change of the server reaches the bot after it. */
async function settled(mark: string): Promise<void> {
  operator.say('#ops', mark);
  await bot.hearsText(mark);
}

describe('between two messages', () => {
  test('who logs out has no account for the next one, and has it again once logged in', async () => {
    expect(await accountFor('in')).toBe('elukey');
    await logOut();
    expect(await accountFor('out')).toBeUndefined();
    await logIn();
    expect(await accountFor('in again')).toBe('elukey');
  });

  test('services that log us out are noticed: it logs in again before anything is heard or said', async () => {
    const before = bot.states.length;
    operator.say('NickServ', 'LOGOUT sluice pw-sluice');
    await waitUntil('it is ready again', () => bot.states.length >= before + 3);
    expect(bot.states.slice(before)).toEqual(['down', 'connecting', 'ready']);
    expect(await accountFor('after the login')).toBe('elukey');
  });
});

describe('a server that changes while we are there', () => {
  test('without account tags, what it tells of people counts, at once', async () => {
    await without('ircv3_accounttag', async () => {
      await settled('no account tags');
      expect(await accountFor('told by WHO')).toBe('elukey');
      await logOut();
      expect(await accountFor('told by ACCOUNT')).toBeUndefined();
      await logIn();
      expect(await accountFor('told again')).toBe('elukey');
      await elukey.changeNick('luca2');
      expect(await accountFor('under another nick')).toBe('elukey');
      await elukey.changeNick('luca');
    });
    await settled('account tags');
    expect(await accountFor('tagged again')).toBe('elukey');
    await logOut();
    expect(await accountFor('tagged out')).toBeUndefined();
    await logIn();
  });

  test('when it tells nothing, nobody is believed; when it tells again, only what it tells then', async () => {
    await without('ircv3_accounttag', async () => {
      await without('ircv3', async () => {
        await settled('nothing told');
        expect(await accountFor('unknown')).toBeUndefined();
        await logOut();
      });
      await settled('told again of people');
      expect(await accountFor('logged out meanwhile')).toBeUndefined();
      await logIn();
      expect(await accountFor('logged in since')).toBe('elukey');
    });
    await settled('all is back');
  });

  test('without echoes there are no reactions and the answer to a PING is the proof; then echoes again', async () => {
    expect(hasReactions()).toBe(true);
    await without('ircv3_echomessage', async () => {
      await waitUntil('reactions are gone', () => !hasReactions());
      expect(await bot.chat.send('#ops', 'no echo', { key: 'a', urgency: 'result' })).toMatchObject({
        ok: true,
        value: { proof: 'taken', ref: undefined },
      });
    });
    await waitUntil('reactions are back', hasReactions);
    expect(await bot.chat.send('#ops', 'echo', { key: 'b', urgency: 'result' })).toMatchObject({
      ok: true,
      value: { proof: 'echo' },
    });
  });

  test('without client tags there are no reactions; then there are', async () => {
    await without('ircv3_ctctags', async () => {
      await waitUntil('reactions are gone', () => !hasReactions());
      expect(await bot.chat.send('#ops', 'no tags', { key: 'c', urgency: 'result' })).toMatchObject({
        ok: true,
      });
    });
    await waitUntil('reactions are back', hasReactions);
    expect(await bot.chat.send('#ops', 'tags', { key: 'd', urgency: 'result' })).toMatchObject({
      ok: true,
      value: { proof: 'echo' },
    });
    expect(hasReactions()).toBe(true);
    expect(bot.chat.state()).toBe('ready');
  });

  test('a server that comes back and drops client tags has no reactions', async () => {
    const config = readFileSync(irc.configFile, 'utf8');
    writeFileSync(irc.configFile, config.replace('allowclientonlytags="yes"', 'allowclientonlytags="no"'));
    const before = bot.states.length;
    await irc.restartServer();
    await waitUntil('it is ready again', () => bot.states.length >= before + 3, 30_000);
    await bot.becomes('ready', 30_000);
    expect(hasReactions()).toBe(false);
    expect(await bot.chat.send('#ops', 'said', { key: 'e', urgency: 'result' })).toMatchObject({
      ok: true,
      value: { proof: 'echo' },
    });
  }, 45_000);
});
