import { beforeEach, describe, expect, test } from '@jest/globals';
import { fail } from '../../src/core/result.ts';
import { Stage } from '../stage/stage.ts';

describe('lines of the Server Admin Log', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open({ acknowledgedBy: 'stashbot' });
  });

  async function depool(host: string): Promise<void> {
    await stage.chat.say('elukey', 'elukey', `!depool ${host} kartotherian-ssl`);
    await stage.settle();
  }
  async function reply(text: string, account = 'stashbot'): Promise<void> {
    await stage.chat.say('stashbot', account, text);
    await stage.settle();
  }
  async function states(): Promise<readonly string[]> {
    const rows = await stage.store.salRows(10);
    return rows.ok ? rows.value.map(({ state }) => state) : [];
  }

  test('who read the journal before a line was said, and offers it after, is late', async () => {
    const unsentRows = stage.store.unsentRows.bind(stage.store);
    let late: (() => void) | undefined;
    stage.store.unsentRows = async (most) => {
      const rows = await unsentRows(most);
      if (rows.ok && rows.value.some(({ kind }) => kind === 'sal'))
        await new Promise<void>((resolve) => {
          late = resolve;
        });
      return rows;
    };
    stage.chat.onSend = (line) => {
      // While the log line is under way somebody else looks what there is to say.
      if (line.startsWith('!log ')) void stage.lookForUnsaid();
    };
    await depool('maps1005');
    late?.();
    await stage.settle();
    expect(late).toBeDefined();
    expect(stage.seen.filter((line) => line.startsWith('#ops <sluice> !log DONE'))).toHaveLength(1);
  });

  test('what the channel gave back is never sent again', async () => {
    await depool('maps1005');
    expect(await states()).toEqual(['echoed']);
    stage.restart();
    await stage.sweep();
    expect(stage.seen.filter((line) => line.startsWith('#ops <sluice> !log DONE'))).toHaveLength(1);
  });

  test("the log bot's answer is the acknowledgement", async () => {
    await depool('maps1005');
    await reply('Logged the message at https://wikitech.wikimedia.org/wiki/Server_Admin_Log');
    expect(await states()).toEqual(['acked']);
  });

  test('nobody else can acknowledge', async () => {
    await depool('maps1005');
    await reply('Logged the message at https://wikitech.wikimedia.org/wiki/Server_Admin_Log', 'mallory');
    expect(await states()).toEqual(['echoed']);
  });

  test('a refusal is told, and the line is not said again by itself', async () => {
    await depool('maps1005');
    await reply('sluice: !log ACLs in this channel blocked your message');
    expect(await states()).toEqual(['refused']);
    expect(stage.seen.at(-1)).toBe(
      '#ops <sluice> the log line of k7f was refused: sluice: !log ACLs in this channel blocked your message. Please log it by hand.',
    );
    expect(stage.seen.filter((line) => line.startsWith('#ops <sluice> !log DONE'))).toHaveLength(1);
  });

  test('a bot that stays silent leaves the line unconfirmed, and it is not said again', async () => {
    await depool('maps1005');
    await stage.wait(61_000);
    expect(await states()).toEqual(['unconfirmed']);
    expect(stage.seen.filter((line) => line.startsWith('#ops <sluice> !log DONE'))).toHaveLength(1);
  });

  test('a line in flight when the connection dies is said again when it is back', async () => {
    stage.chat.echoes = false;
    stage.chat.onSend = () => {
      stage.chat.goDown();
    };
    await depool('maps1005');
    expect(await states()).toEqual(['pending']);
    stage.chat.onSend = undefined;
    stage.chat.echoes = true;
    stage.chat.comeBack();
    await stage.sweep();
    expect(await states()).toEqual(['echoed']);
    expect(stage.seen.filter((line) => line.startsWith('#ops <sluice> !log DONE'))).toHaveLength(1);
  });

  test('a mark that Redis did not take is stored later, and the line is not said again meanwhile', async () => {
    stage.chat.onSend = (line) => {
      if (line.startsWith('!log')) stage.store.goDown();
    };
    await depool('maps1005');
    stage.chat.onSend = undefined;
    stage.store.comeBack();
    expect(await states()).toEqual(['pending']);
    await stage.sweep();
    expect(await states()).toEqual(['echoed']);
    expect(stage.seen.filter((line) => line.startsWith('#ops <sluice> !log DONE'))).toHaveLength(1);
  });

  test('while the journal hangs it is looked into once, and once more for all who asked meanwhile', async () => {
    const unsentRows = stage.store.unsentRows.bind(stage.store);
    const waiting: (() => void)[] = [];
    stage.store.unsentRows = async (most) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return unsentRows(most);
    };
    const looks = Array.from({ length: 5 }, () => stage.lookForUnsaid());
    expect(waiting).toHaveLength(1);
    await depool('maps1005');
    waiting[0]?.();
    await looks[0];
    await new Promise(setImmediate);
    expect(waiting).toHaveLength(2);
    waiting[1]?.();
    await Promise.all(looks);
    expect(waiting).toHaveLength(2);
  });

  test('marks that were kept are not stored one after the other', async () => {
    const markRow = stage.store.markRow.bind(stage.store);
    stage.store.markRow = () =>
      Promise.resolve(fail({ kind: 'store-unreachable', cause: 'the test says so' }));
    await depool('maps1005');
    expect(await states()).toEqual(['pending']);
    let [atOnce, most] = [0, 0];
    stage.store.markRow = async (key, mark) => {
      most = Math.max(most, ++atOnce);
      const marked = await markRow(key, mark);
      atOnce--;
      return marked;
    };
    await stage.sweep();
    expect(await states()).toEqual(['echoed']);
    // That it starts; then that it is done, with the log line.
    expect(most).toBe(2);
  });
});
