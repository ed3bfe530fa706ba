import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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

beforeAll(async () => {
  runDir = makeRunDir();
  irc = await startIrc(runDir, { accounts: ['sluice'] });
});

afterAll(async () => {
  await bot.chat.close();
  await Promise.all([irc.processes.inspircd.stop(), irc.processes.services.stop()]);
  runDir.remove();
});

/** Waits until something was lost, and is there again. */
async function recovers(from: number): Promise<void> {
  await waitUntil('it has noticed', () => bot.states.length > from, 30_000);
  await bot.becomes('ready', 25_000);
}

describe('outages of a real network', () => {
  test('when somebody else has its nick it comes with another, and takes it back', async () => {
    const other = await connectIrc({ port: irc.port, nick: 'sluice' });
    bot = startTestChat({
      port: irc.port,
      bounds: { readyWithinMs: 4000, pingEveryMs: 300, pingTimeoutMs: 1500 },
    });
    await bot.becomes('ready');
    expect(bot.chat.ownName()).toBe('sluice_');
    await waitUntil('the nick is back', () => bot.chat.ownName() === 'sluice');
    expect(bot.states).toEqual(['connecting', 'ready']);
    await other.quit();
  });

  test('a server that dies and comes back is joined again, and a line under way is not called proven', async () => {
    const from = bot.states.length;
    irc.processes.inspircd.freeze();
    const sent = bot.chat.send('#ops', 'in flight', { key: 'a', urgency: 'result' });
    irc.processes.inspircd.signal('SIGKILL');
    expect(await sent).toEqual({ ok: true, value: { proof: 'none', ref: undefined } });
    await bot.becomes('down');
    expect(await bot.chat.send('#ops', 'too early', { key: 'b', urgency: 'result' })).toMatchObject({
      ok: false,
      fault: { kind: 'chat-down' },
    });
    await irc.restartServer();
    await recovers(from);
    expect(await bot.chat.send('#ops', 'back', { key: 'c', urgency: 'result' })).toMatchObject({
      ok: true,
      value: { proof: 'echo' },
    });
  }, 45_000);

  test('a server that hangs is noticed, and joined again when it goes on', async () => {
    const from = bot.states.length;
    irc.processes.inspircd.freeze();
    await bot.becomes('down');
    irc.processes.inspircd.signal('SIGCONT');
    await recovers(from);
  }, 45_000);

  test('while services hang it is not ready; when they go on it is', async () => {
    irc.processes.services.freeze();
    const from = bot.states.length;
    const late = startTestChat({ port: irc.port, nick: 'late', bounds: { readyWithinMs: 2000 } });
    try {
      await late.becomes('down');
      expect(late.states).toEqual(['connecting', 'down']);
      irc.processes.services.signal('SIGCONT');
      await late.becomes('ready', 30_000);
      // Who was logged in before stays so.
      expect(bot.states.length).toBe(from);
    } finally {
      irc.processes.services.signal('SIGCONT');
      await late.chat.close();
    }
  }, 45_000);

  test('services that are killed while they hang over a login are no refused login: it is tried again soon', async () => {
    irc.processes.services.freeze();
    const late = startTestChat({ port: irc.port, nick: 'cut', bounds: { readyWithinMs: 2500 } });
    try {
      await late.becomes('connecting');
      irc.processes.services.signal('SIGKILL');
      await irc.processes.services.exited;
      await late.becomes('down');
      await irc.restartServices();
      await late.becomes('ready', 30_000);
    } finally {
      await late.chat.close();
    }
  }, 45_000);

  test('while services are gone it is not ready; when they are back it is', async () => {
    const from = bot.states.length;
    irc.processes.services.signal('SIGKILL');
    await irc.processes.services.exited;
    const late = startTestChat({ port: irc.port, nick: 'later', bounds: { readyWithinMs: 3000 } });
    try {
      await late.becomes('down');
      expect(late.states).not.toContain('ready');
      await irc.restartServices();
      await late.becomes('ready', 30_000);
      // Who was logged in before stays so.
      expect(bot.states.length).toBe(from);
    } finally {
      await late.chat.close();
    }
  }, 45_000);
});
