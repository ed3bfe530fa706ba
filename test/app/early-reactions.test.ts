import { describe, expect, test } from '@jest/globals';
import { Stage } from '../stage/stage.ts';

describe('a reaction that is faster than the answer to our own message', () => {
  test.each(['chat', 'slack'] as const)('counts on %s once the message is known', async (network) => {
    const stage = await Stage.open();
    stage.withSlack = true;
    stage.restart();
    const chat = stage[network];
    const account = network === 'slack' ? 'U0JIJIKI' : 'jijiki';
    let reacting: Promise<void> | undefined;
    chat.onSend = (line) => {
      if (line.includes(' waits for '))
        reacting ??= chat.react('jijiki', account, chat.idOf(/ waits for /), '✅');
    };
    await chat.say(
      'elukey',
      network === 'slack' ? 'U0ELUKEY' : 'elukey',
      '!depool maps[1005-1006] kartotherian-ssl',
    );
    await stage.settle();
    await reacting;
    await stage.settle();
    expect(stage.seen.filter((line) => line.includes('!log DONE'))).toHaveLength(1);
  });

  test('to something else is nothing', async () => {
    const stage = await Stage.open();
    await stage.chat.react('jijiki', 'jijiki', 'm99', '✅');
    await stage.chat.say('elukey', 'elukey', '!depool maps[1005-1006] kartotherian-ssl');
    await stage.settle();
    expect(stage.seen).toHaveLength(1);
  });
});
