import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort, makeRunDir, waitUntil } from '../../lab/process.ts';
import type { RunDir } from '../../lab/process.ts';
import type { LabSlack } from '../../lab/slack.ts';
import { startSlack } from '../../lab/slack.ts';
import type { TestSlack } from './heard.ts';
import { startTestSlack } from './heard.ts';

const RETRIES = [50, 50, 100, 100, 200, 400];

let runDir: RunDir;
let slack: LabSlack;
let channel: string;
let user: string;
let bot: TestSlack | undefined;

beforeAll(async () => {
  runDir = makeRunDir();
  slack = await startSlack(runDir);
  channel = await slack.addChannel('ops');
  user = await slack.addUser({ name: 'elukey' });
  // Slack's own waits are a minute and more.
  await slack.set({ ackTimeoutMs: 500, retryDelaysMs: RETRIES });
});
afterAll(() => {
  runDir.remove();
});
afterEach(async () => {
  await bot?.chat.close();
  bot = undefined;
  await waitUntil('no socket is left', async () => (await slack.state()).sockets === 0);
});

async function open(options: Partial<Parameters<typeof startTestSlack>[1]> = {}): Promise<TestSlack> {
  bot = startTestSlack(slack, { channels: [channel], ...options });
  await bot.becomes('ready');
  return bot;
}

/** People talk every 20 ms while something happens; then it is seen that each line was heard once. */
async function talkWhile(bot: TestSlack, what: () => Promise<void>): Promise<void> {
  const begun = bot.heard.length;
  const said: string[] = [];
  const happening = what();
  for (let line = 0; line < 40; line++) {
    const text = `line ${String(line)}`;
    await slack.say(user, channel, text);
    said.push(text);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await happening;
  const texts = (): readonly string[] =>
    bot.heard.slice(begun).flatMap((event) => (event.kind === 'text' ? [event.text] : []));
  await waitUntil('all is heard', () => said.every((text) => texts().includes(text)));
  const keys = new Set(bot.heard.map(({ eventKey }) => eventKey));
  expect(keys.size).toBe(bot.heard.length);
}

describe('Socket Mode', () => {
  test('a routine goodbye loses nothing, and the next socket is there within a second', async () => {
    const bot = await open({ bounds: { backoffFirstMs: 1 } });
    await slack.say(user, channel, 'before');
    await bot.hears(({ kind }) => kind === 'text');
    const before = (await slack.state()).calls.filter(({ method }) => method === 'apps.connections.open');
    let goodbye = 0;
    await talkWhile(bot, async () => {
      goodbye = Date.now();
      await slack.disconnectSockets();
    });
    const opened = (await slack.state()).calls.filter(({ method }) => method === 'apps.connections.open');
    const next = opened[before.length];
    expect(next).toBeDefined();
    expect((next?.at ?? Infinity) - goodbye).toBeLessThan(1000);
    expect(bot.states).not.toContain('down');
  });

  test('a cut loses nothing: what was not acknowledged comes again', async () => {
    const bot = await open();
    await talkWhile(bot, () => slack.killSockets());
  });

  test('a wrong token and errors of Slack on the way back do not end the process; it goes on trying', async () => {
    const bot = await open();
    await slack.fault('apps.connections.open', { error: 'invalid_auth', times: 2 });
    await slack.killSockets();
    await bot.becomes('down');
    await bot.becomes('ready');
    expect(bot.logged.filter((line) => line.startsWith('error slack: refuses us'))).toHaveLength(2);
    await slack.fault('apps.connections.open', { status: 500, times: 2 });
    await slack.killSockets();
    await bot.becomes('down');
    await bot.becomes('ready');
    await slack.say(user, channel, 'still there');
    await bot.hears((event) => event.kind === 'text' && event.text === 'still there');
  });

  test('retries are bounded', async () => {
    const bot = await open({ bounds: { backoffFirstMs: 50, backoffMostMs: 200 } });
    const { calls } = await slack.state();
    await slack.fault('apps.connections.open', { status: 503, times: 6 });
    await slack.killSockets();
    await bot.becomes('down');
    await bot.becomes('ready');
    const again = (await slack.state()).calls
      .slice(calls.length)
      .filter(({ method }) => method === 'apps.connections.open');
    expect(again).toHaveLength(7);
    const gaps = again.slice(1).map(({ at }, index) => at - (again[index]?.at ?? 0));
    // A timer may be a little early by the other clock.
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(45);
  });

  test('the first start waits for a Slack that comes later', async () => {
    await slack.fault('auth.test', { drop: true, times: 2 });
    const bot = await open();
    expect(bot.states).toContain('down');
  });

  test('whoever else holds our app token is told of in the log', async () => {
    await slack.set({ otherConnections: 2 });
    try {
      const bot = await open();
      await waitUntil('it is logged', () =>
        bot.logged.some((line) => line.includes('somebody else holds our app token')),
      );
    } finally {
      await slack.set({ otherConnections: 0 });
    }
  });

  test('an end closes the socket, and nothing is heard after it', async () => {
    const bot = await open();
    await bot.chat.close();
    expect(bot.chat.state()).toBe('down');
    expect(await bot.chat.send(channel, 'hello', { key: 'a', urgency: 'result' })).toMatchObject({
      ok: false,
      fault: { kind: 'chat-down' },
    });
  });
});

describe('HTTP mode', () => {
  test('what Slack signs is heard and acknowledged; what somebody else posts is not', async () => {
    const port = await freePort();
    const bot = await open({
      mode: { kind: 'http', signingSecret: slack.signingSecret, host: '127.0.0.1', port },
    });
    const eventsUrl = `http://127.0.0.1:${String(port)}/slack/events`;
    try {
      await slack.set({ eventsUrl });
      const ts = await slack.say(user, channel, '!status');
      await bot.hears((event) => event.kind === 'text' && event.text === '!status');
      const pressed = await slack.click(user, channel, ts, { action: 'approve', value: 'k7f' });
      expect(pressed).toMatchObject({ acked: true, status: 200 });
      await bot.hears(({ kind }) => kind === 'action');
      await slack.set({ signingSecret: 'guessed', retryDelaysMs: [] });
      const heard = bot.heard.length;
      await slack.say(user, channel, '!depool all');
      await waitUntil('it was turned away', async () =>
        (await slack.state()).deliveries.some(({ status }) => status === 401),
      );
      expect(bot.heard).toHaveLength(heard);
    } finally {
      await slack.set({ eventsUrl: null, signingSecret: slack.signingSecret, retryDelaysMs: RETRIES });
    }
  });
});
