import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { SluiceProcess } from '../lab/sluice-process.ts';
import type { Tcpircbot } from '../lab/tcpircbot.ts';
import { startTcpircbot } from '../lab/tcpircbot.ts';
import type { Talker } from './conversation.ts';
import { talker } from './conversation.ts';

const SSL = 'kartotherian-ssl';

describe('the log through tcpircbot', () => {
  let lab: Lab;
  let bot: Tcpircbot;
  let elukey: Talker;
  let jijiki: Talker;
  let akosiaris: Talker;
  let redis: Redis;
  let sluice: SluiceProcess;
  let configFile: string;

  beforeAll(async () => {
    lab = await startLab();
    bot = await startTcpircbot({ ircPort: lab.irc.port, channel: lab.channel });
    [elukey, jijiki, akosiaris] = await Promise.all([
      talker(lab, 'elukey'),
      talker(lab, 'jijiki'),
      talker(lab, 'akosiaris'),
    ]);
    redis = new Redis(lab.redis.url);
    configFile = lab.configWith('relayed', {
      sal: {
        transport: 'tcpircbot',
        host: '127.0.0.1',
        port: bot.port,
        channel: lab.channel,
        acknowledgedBy: 'logmsgbot',
      },
    });
    sluice = lab.startSluice({ configFile });
    await sluice.ready;
  });

  afterAll(async () => {
    redis.disconnect();
    await bot.stop();
    await lab.stop();
  });

  const idOf = async (who: Talker, text: string): Promise<string> => {
    const { text: line } = await who.ask(text, / needs no approval/);
    return /^\S+ (\S+) needs/.exec(line)?.[1] ?? '';
  };
  const state = (id: string): Promise<string | null> => redis.hget(`{sluice}:row:${id}:log`, 'state');
  const relayed = (id: string): readonly string[] =>
    elukey.irc.lines
      .filter(({ nick, text }) => nick === 'logmsgbot' && text.includes(`[${id}]`))
      .map(({ text }) => text);

  test('the line has its author, is said once by the relay, and that is its acknowledgement', async () => {
    const id = await idOf(elukey, `!depool maps1005 ${SSL} disk - T378944`);
    await waitUntil('it is acknowledged', async () => (await state(id)) === 'acked');
    expect(relayed(id)).toEqual([
      expect.stringMatching(
        /^!log elukey@\S+ DONE \(PASS\) - depool maps1005\.eqiad\.wmnet in kartotherian-ssl by elukey \[\w+\]: disk \(duration: 00m \d\ds\) - T378944$/,
      ),
    ]);
    expect(lab.stashbot.entries.at(-1)).toMatchObject({
      nick: expect.stringMatching(/^elukey@/),
      tasks: ['T378944'],
    });
  });

  test('while the relay is down the line waits, also over a kill, and is said once when it is back', async () => {
    await bot.down();
    const id = await idOf(jijiki, `!depool maps2005 ${SSL}`);
    await jijiki.irc.waitFor(({ text }) => text.startsWith(`${id} done in`), undefined, { since: 0 });
    await waitUntil('it was tried', async () =>
      (await (await fetch(`${lab.httpUrl}/readyz`)).text()).includes('"tcpircbot":{"ok":false'),
    );
    expect(await state(id)).toBe('pending');
    sluice.process.signal('SIGKILL');
    await sluice.process.exited;
    sluice = lab.startSluice({ configFile });
    await bot.up();
    await sluice.ready;
    // Said before this Sluice was in the channel to hear it: then that the relay took it is the proof.
    await waitUntil('it is said', async () => /^(?:echoed|acked)$/.test((await state(id)) ?? ''));
    await waitUntil('it is seen', () => relayed(id).length > 0);
    expect(relayed(id)).toHaveLength(1);
  });

  test('the longest line arrives whole, as one', async () => {
    const id = await idOf(
      akosiaris,
      `!depool maps2006 kartotherian-k8s-ssl ${'größer '.repeat(38)}- T378944`,
    );
    await waitUntil('it is acknowledged', async () => (await state(id)) === 'acked');
    const [line = ''] = relayed(id);
    expect(Buffer.byteLength(line)).toBeGreaterThan(350);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(425);
    expect(line).toMatch(/\.\.\. \(duration: \S+ \S+\) - T378944$/);
    expect(bot.deaths).toBe(0);
  });
});
