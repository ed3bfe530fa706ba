import { describe, expect, test } from '@jest/globals';
import { Stage } from '../stage/stage.ts';

async function open(): Promise<Stage> {
  const stage = await Stage.open();
  stage.withSlack = true;
  stage.restart();
  return stage;
}

describe('what Slack was told that we have', () => {
  test('is heard in the order of each person, and nobody waits for anybody else', async () => {
    const stage = await open();
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { slack } = stage;
    const identify = slack.identify.bind(slack);
    slack.identify = async (actor) => {
      if (actor.account === 'U0ELUKEY') await held;
      return identify(actor);
    };
    const first = slack.say('elukey', 'U0ELUKEY', '!whoami');
    const second = slack.say('elukey', 'U0ELUKEY', '!health');
    await slack.say('jijiki', 'U0JIJIKI', '!stop all');
    await stage.settle();
    expect(stage.seen).toHaveLength(1);
    expect(stage.seen[0]).toContain('jijiki: nothing is running or queued');
    release?.();
    await Promise.all([first, second]);
    expect(stage.seen[1]).toContain('you are elukey');
    expect(stage.seen[2]).toContain('parts work');
  });

  test('is heard once, however often it comes', async () => {
    const stage = await open();
    await stage.slack.say('elukey', 'U0ELUKEY', '!whoami');
    await stage.slack.again();
    await stage.settle();
    expect(stage.seen).toHaveLength(1);
  });
});
