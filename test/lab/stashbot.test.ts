import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { IrcPerson } from './irc-client.ts';
import { connectIrc } from './irc-client.ts';
import type { LabIrc } from './irc.ts';
import { startIrc } from './irc.ts';
import type { RunDir } from './process.ts';
import { makeRunDir } from './process.ts';
import type { Stashbot } from './stashbot.ts';
import { startStashbot } from './stashbot.ts';

const ACKNOWLEDGEMENT = 'Logged the message at https://wikitech.wikimedia.org/wiki/Server_Admin_Log';

let runDir: RunDir;
let irc: LabIrc;
let stashbot: Stashbot;
let elukey: IrcPerson;

beforeAll(async () => {
  runDir = makeRunDir();
  irc = await startIrc(runDir, { accounts: ['stashbot', 'elukey'] });
  [stashbot, elukey] = await Promise.all([
    startStashbot({ port: irc.port, channel: '#ops' }),
    connectIrc({ port: irc.port, nick: 'elukey', account: 'elukey' }),
  ]);
  await elukey.join('#ops');
});

afterAll(async () => {
  await Promise.all([stashbot.stop(), elukey.quit()]);
  await Promise.all([irc.processes.inspircd.stop(), irc.processes.services.stop()]);
  runDir.remove();
});

/** What stashbot answers to a line, up to its acknowledgement of a line that follows. */
async function answersTo(line: string): Promise<readonly string[]> {
  const from = elukey.lines.length;
  elukey.say('#ops', line);
  elukey.say('#ops', '!log the line that follows');
  await elukey.waitFor((seen) => seen.text === ACKNOWLEDGEMENT, undefined, { since: from });
  await new Promise((resolve) => setTimeout(resolve, 80));
  const answers = elukey.lines
    .slice(from)
    .filter(({ nick, account }) => nick === 'stashbot' && account === nick);
  return answers.map(({ text }) => text).slice(0, -1);
}

test.each([
  ['!log depool maps1005 - T378944', [ACKNOWLEDGEMENT]],
  ['!log help', ['https://wikitech.wikimedia.org/wiki/Tool:Stashbot']],
  ['!log helping', ['https://wikitech.wikimedia.org/wiki/Tool:Stashbot']],
  ['!log  ', ['elukey: Message missing. Nothing logged.']],
  ['!LOG shouting', []],
  [' !log indented', []],
  ['!logging', []],
  ['\x02!log bold', []],
  ['\x01ACTION !log acting\x01', []],
])('%j is answered as the true bot does', async (line, answers) => {
  expect(await answersTo(line)).toEqual(answers);
});

test('an entry has the nick, the message without colours, and each task once', async () => {
  await answersTo('!log depool \x0304maps1005\x03 - T378944 T378944 xT1 T42');
  expect(stashbot.entries.at(-2)).toMatchObject({
    nick: 'elukey',
    message: 'depool maps1005 - T378944 T378944 xT1 T42',
    tasks: ['T378944', 'T42'],
  });
});

test('refusing it writes no entry, failing it does, silent it does not answer, absent it does neither', async () => {
  const before = stashbot.entries.length;
  await stashbot.mode('refusing');
  elukey.say('#ops', '!log refused');
  await elukey.waitFor(/^elukey: !log ACLs in this channel blocked your message$/);
  expect(stashbot.entries).toHaveLength(before);
  await stashbot.mode('failing');
  elukey.say('#ops', '!log failed');
  await elukey.waitFor(/^elukey: Failed to log message to wiki\./);
  await stashbot.mode('silent');
  const from = elukey.lines.length;
  elukey.say('#ops', '!log silent');
  await expect(elukey.waitFor((line) => line.nick === 'stashbot', 200, { since: from })).rejects.toThrow();
  await stashbot.mode('absent');
  elukey.say('#ops', '!log absent');
  await expect(elukey.waitFor((line) => line.nick === 'stashbot', 200, { since: from })).rejects.toThrow();
  await stashbot.mode('acknowledging');
  elukey.say('#ops', '!log back');
  await elukey.waitFor((line) => line.text === ACKNOWLEDGEMENT);
  expect(stashbot.entries.slice(before).map(({ message }) => message)).toEqual(['failed', 'silent', 'back']);
});

test("a relay's line is by whom it says, and is not answered", async () => {
  const relay = await connectIrc({ port: irc.port, nick: 'logmsgbot' });
  await relay.join('#ops');
  relay.say('#ops', '!log elukey@cumin1003 conftool action : set/pooled=no');
  expect(await answersTo('hello')).toEqual([]);
  expect(stashbot.entries.at(-2)).toMatchObject({
    nick: 'elukey@cumin1003',
    message: 'conftool action : set/pooled=no',
  });
  await relay.quit();
});
