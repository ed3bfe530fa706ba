import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { IrcPerson } from '../../lab/irc-client.ts';
import { connectIrc } from '../../lab/irc-client.ts';
import type { SecondServer } from '../../lab/irc-second.ts';
import { split, startSecondServer } from '../../lab/irc-second.ts';
import type { LabIrc } from '../../lab/irc.ts';
import { offersSasl, startIrc } from '../../lab/irc.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import type { TestChat } from './heard.ts';
import { startTestChat } from './heard.ts';

let runDir: RunDir;
let irc: LabIrc;
let second: SecondServer;
let bot: TestChat;
let operator: IrcPerson;
let elukey: IrcPerson;

/** The bot is on the main server, as services are; elukey is on the other. */
beforeAll(async () => {
  runDir = makeRunDir();
  irc = await startIrc(runDir, { accounts: ['sluice', 'elukey', 'far'] });
  second = await startSecondServer(runDir, irc);
  bot = startTestChat({ port: irc.port });
  [operator, elukey] = await Promise.all([
    connectIrc({ port: irc.port, nick: 'operator' }),
    connectIrc({ port: second.port, nick: 'luca', account: 'elukey' }),
  ]);
  operator.raw('OPER testoper operpass');
  await Promise.all([operator.join('#ops'), elukey.join('#ops'), bot.becomes('ready')]);
}, 30_000);

afterAll(async () => {
  await bot.chat.close();
  await Promise.all([operator.quit(), elukey.quit()]);
  await second.process.stop();
  await Promise.all([irc.processes.inspircd.stop(), irc.processes.services.stop()]);
  runDir.remove();
});

/** Said on one side, until it is heard on the other. */
async function heals(mark: string): Promise<void> {
  await waitUntil('the second server has linked again', () => offersSasl(second.port), 20_000);
  const heard = (): boolean => bot.heard.some((event) => event.kind === 'text' && event.text === mark);
  elukey.say('#ops', mark);
  await waitUntil('it is heard on the other side', heard);
}

async function cut(): Promise<void> {
  split(operator);
  await waitUntil('the second server is alone', async () => !(await offersSasl(second.port)));
}

describe('a real netsplit', () => {
  test('who comes back has their account, and what they say is live', async () => {
    const before = bot.states.length;
    elukey.say('#ops', 'before');
    expect((await bot.hearsText('before')).actor.account).toBe('elukey');
    await cut();
    elukey.say('#ops', 'said into the void');
    await heals('!approve k7f');
    expect(await bot.hearsText('!approve k7f')).toMatchObject({
      actor: { account: 'elukey', display: 'luca' },
      replay: false,
    });
    expect(bot.heard.some((event) => event.kind === 'text' && event.text === 'said into the void')).toBe(
      false,
    );
    expect(bot.states.length).toBe(before);
  }, 45_000);

  test('who takes the nick meanwhile is not taken for them, during the split or after it', async () => {
    await cut();
    const thief = await connectIrc({ port: irc.port, nick: 'luca' });
    await thief.join('#ops');
    thief.say('#ops', '!approve stolen');
    expect((await bot.hearsText('!approve stolen')).actor).toMatchObject({
      account: undefined,
      display: 'luca',
    });
    // One of them loses the nick when the sides meet: whoever it is, accounts stay with their people.
    await heals('!approve mine');
    expect((await bot.hearsText('!approve mine')).actor.account).toBe('elukey');
    thief.say('#ops', '!approve stolen again');
    expect((await bot.hearsText('!approve stolen again')).actor.account).toBeUndefined();
    await thief.quit();
    // Whether it has kept its nick or not.
    await elukey.changeNick('luca2');
    await elukey.changeNick('luca');
  }, 45_000);

  test('without account tags too', async () => {
    operator.raw('UNLOADMODULE ircv3_accounttag');
    operator.say('#ops', 'no account tags');
    await bot.hearsText('no account tags');
    elukey.say('#ops', 'tagless');
    expect((await bot.hearsText('tagless')).actor.account).toBe('elukey');
    await cut();
    const thief = await connectIrc({
      port: irc.port,
      nick: 'luca',
      caps: ['message-tags', 'server-time', 'echo-message'],
    });
    await thief.join('#ops');
    thief.say('#ops', '!approve tagless theft');
    expect((await bot.hearsText('!approve tagless theft')).actor.account).toBeUndefined();
    await thief.quit();
    await heals('!approve tagless');
    expect((await bot.hearsText('!approve tagless')).actor.account).toBe('elukey');
    operator.raw('LOADMODULE ircv3_accounttag');
  }, 45_000);

  test('cut off from services it stays where it is; a new connection there waits for them', async () => {
    const far = startTestChat({
      port: second.port,
      nick: 'far',
      account: { kind: 'plain', name: 'far', password: 'pw-far' },
    });
    await far.becomes('ready');
    await cut();
    expect(far.chat.state()).toBe('ready');
    elukey.say('#ops', 'on our side');
    expect((await far.hearsText('on our side')).actor.account).toBe('elukey');
    const late = startTestChat({
      port: second.port,
      nick: 'late',
      account: { kind: 'plain', name: 'far', password: 'pw-far' },
    });
    try {
      await late.becomes('down');
      expect(late.states).not.toContain('ready');
      await late.becomes('ready', 20_000);
      expect(far.states).toEqual(['connecting', 'ready']);
    } finally {
      await Promise.all([far.chat.close(), late.chat.close()]);
    }
  }, 45_000);
});
