import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ChatState, Inbound } from '../../../src/ports/chat.ts';
import { waitUntil } from '../../lab/process.ts';
import type { World } from './worlds.ts';
import { consoleWorld, ircWorld, slackWorld } from './worlds.ts';

// What every network must do, whatever it is: the same tests on real InspIRCd, on unmodified Bolt, and on a pseudo terminal.
describe.each([
  ['irc', ircWorld],
  ['slack', slackWorld],
  ['console', consoleWorld],
] as const)('the network %s', (transport, openWorld) => {
  let world: World;
  const heard: Inbound[] = [];
  const states: ChatState[] = [];

  beforeAll(async () => {
    world = await openWorld();
    world.chat.start(
      (event) => {
        heard.push(event);
        return Promise.resolve();
      },
      (state) => states.push(state),
    );
    await waitUntil('it is ready', () => world.chat.state() === 'ready', 20_000);
    // The person is there, and sees what is said.
    await world.seen();
  });
  afterAll(() => world.close());

  const texts = (): readonly string[] =>
    heard.flatMap((event) => (event.kind === 'text' ? [event.text] : []));
  const hears = async (text: string): Promise<Inbound & { readonly kind: 'text' }> => {
    await waitUntil(`'${text}' is heard`, () => texts().includes(text));
    const event = heard.find((one) => one.kind === 'text' && one.text === text);
    if (event?.kind !== 'text') throw new Error('heard and gone');
    return event;
  };
  const send = (line: string, key = line) => world.chat.send(world.channel, line, { key, urgency: 'result' });
  const sees = (line: string): Promise<void> =>
    waitUntil(`'${line.slice(0, 60)}' is seen`, async () => (await world.seen()).includes(line));

  test('tells its states, and is ready in the end', () => {
    expect(states.at(-1)).toBe('ready');
    expect(world.chat.transport).toBe(transport);
    expect(world.chat.channels).toEqual([world.channel]);
  });

  test('carries a line, and proves it', async () => {
    const sent = await send('k7f done in 1.2 s');
    expect(sent.ok && ['echo', 'taken']).toContain(sent.ok && sent.value.proof);
    await sees('k7f done in 1.2 s');
  });

  test('gives the id of our own line where people can react to it', async () => {
    const sent = await send('m3k waits for 1 approval');
    const ref = sent.ok ? sent.value.ref : undefined;
    if (world.chat.capabilities(world.channel).reactions)
      expect(ref).toMatchObject({ transport, channel: world.channel });
    else expect(ref).toBeUndefined();
  });

  test('hears people, with the account that the network vouches for', async () => {
    await world.say('!status maps1005');
    expect(await hears('!status maps1005')).toMatchObject({
      channel: world.channel,
      replay: false,
      actor: { transport, account: world.account },
    });
  });

  test('keeps the time of the network, near ours', async () => {
    await world.say('what time is it');
    expect(Math.abs((await hears('what time is it')).at - Date.now())).toBeLessThan(30_000);
  });

  test('keeps two lines of the same words apart', async () => {
    await world.say('!ops');
    await world.say('!ops');
    await waitUntil('both are heard', () => texts().filter((text) => text === '!ops').length === 2);
    const keys = heard.flatMap((event) =>
      event.kind === 'text' && event.text === '!ops' ? [event.eventKey] : [],
    );
    expect(new Set(keys).size).toBe(2);
  });

  test('does not hear itself', async () => {
    await send('!depool all kartotherian');
    await world.say('after that');
    await hears('after that');
    expect(texts()).not.toContain('!depool all kartotherian');
  });

  test('knows when it is spoken to', async () => {
    await world.say(transport === 'slack' ? '<@U0BOT> health' : 'sluice: health');
    expect(await hears('health')).toMatchObject({ addressed: true });
  });

  test('shows foreign text as it is, and lets it act on nothing', async () => {
    await send("no host '<!channel> & <@U1> *x* `y`'");
    await sees("no host '<!channel> & <@U1> *x* `y`'");
    await send('one\r\n!log two\u0007\u001b[31m three');
    await waitUntil('it is one line', async () =>
      (await world.seen()).some(
        (line) => line.startsWith('one') && line.includes('!log two') && line.includes('three'),
      ),
    );
    const line = (await world.seen()).find((one) => one.startsWith('one'));
    expect(line).not.toMatch(/[\u0000-\u001f]/);
  });

  test('carries a line of all its room whole, emoji and all', async () => {
    const { roomBytes } = world.chat.capabilities(world.channel);
    const letters = 'a'.repeat(Math.min(roomBytes, 2000) - 8);
    await send(`${letters}✅ end`);
    await sees(`${letters}✅ end`);
  });

  test('refuses a channel that is not configured', async () => {
    const sent = await world.chat.send('#elsewhere', 'hello', { key: 'x', urgency: 'result' });
    expect(sent).toMatchObject({ ok: false, fault: { kind: 'chat-refused' } });
  });

  test('tells one person something in private', async () => {
    const event = await hears('!status maps1005');
    const actor = (await world.chat.identify?.(event.actor)) ?? event.actor;
    expect(await world.chat.tell(actor, 'say it in the channel')).toEqual({ ok: true, value: undefined });
  });

  test('is down once it is closed, and then says so', async () => {
    await world.chat.close();
    expect(world.chat.state()).toBe('down');
    expect(await send('too late')).toMatchObject({ ok: false, fault: { kind: 'chat-down' } });
  });
});
