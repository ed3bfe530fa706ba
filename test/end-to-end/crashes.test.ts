import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, writeFileSync } from 'node:fs';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { putValue } from '../lab/etcd.ts';
import { waitUntil } from '../lab/process.ts';
import type { Talker } from './conversation.ts';
import { logLines, objectPath, talker } from './conversation.ts';

const SERVICE = 'kartotherian-k8s-ssl';
const READY_MS = 30_000;

/** Each test kills a real Sluice by `kill -9` at a named point, and looks at what the next one makes of it. */
describe('kill -9', () => {
  let lab: Lab;
  let elukey: Talker;
  let jijiki: Talker;
  let sluice: ReturnType<Lab['startSluice']>;

  beforeAll(async () => {
    lab = await startLab();
    [elukey, jijiki] = await Promise.all([talker(lab, 'elukey'), talker(lab, 'jijiki')]);
  }, READY_MS);
  afterAll(() => lab.stop());

  // A test that fails must not leave its process to the next one.
  afterEach(async () => {
    sluice.process.signal('SIGKILL');
    await sluice.process.exited;
  });

  async function start(faultPoints: string | undefined): Promise<void> {
    sluice = lab.startSluice(faultPoints === undefined ? {} : { env: { SLUICE_FAULT_POINTS: faultPoints } });
    await sluice.ready;
  }

  /** Starts it again and returns what it then says of the operation. */
  async function nextLife(id: string, words: RegExp): Promise<string> {
    const since = elukey.irc.lines.length;
    await start(undefined);
    const end = await elukey.irc.waitFor(
      (line) => line.text.startsWith(id) && words.test(line.text),
      15_000,
      { since },
    );
    return end.text;
  }

  async function end(id: string): Promise<void> {
    // A second log line would come at once: both rows would be in the outbox.
    await elukey.irc.waitFor(new RegExp(`^!log .*\\[${id}\\]`), 10_000, { since: 0 });
    await elukey.ask('!health', /parts? (?:work|down)/);
    expect(logLines(elukey, id)).toHaveLength(1);
  }

  test('between intent and write: done once after the restart, one log line', async () => {
    await start('after-intent=kill');
    const { id } = await elukey.request(`!pool wikikube-worker1003 ${SERVICE}`);
    jijiki.say(`!approve ${id}`);
    await sluice.process.exited;
    expect(await lab.etcdValue(objectPath('wikikube-worker1003', SERVICE))).toBe(
      '{"weight": 0, "pooled": "inactive"}',
    );
    expect(await nextLife(id, / done /)).toContain('yes/1');
    expect(await lab.etcdValue(objectPath('wikikube-worker1003', SERVICE))).toBe(
      '{"weight": 1, "pooled": "yes"}',
    );
    await end(id);
  });

  test('between write and journal: its own write is found, not done again, one log line', async () => {
    await start('after-write=kill:2');
    const { id } = await elukey.request(`!pool wikikube-worker1004 ${SERVICE}`);
    jijiki.say(`!approve ${id}`);
    await sluice.process.exited;
    const path = objectPath('wikikube-worker1004', SERVICE);
    expect(await lab.etcdValue(path)).toBe('{"weight": 1, "pooled": "yes"}');
    const before = await modifiedIndex(lab, path);
    expect(await nextLife(id, / done /)).toContain('yes/1');
    expect(await modifiedIndex(lab, path)).toBe(before);
    await end(id);
  });

  test('between write and journal, and a human has changed it since: their value stays, the write counts as done', async () => {
    await start('after-write=kill:2');
    const { id } = await elukey.request(`!pool wikikube-worker1005 ${SERVICE}`);
    jijiki.say(`!approve ${id}`);
    await sluice.process.exited;
    const path = objectPath('wikikube-worker1005', SERVICE);
    await putValue(`${lab.etcd.url}/v2/keys${path}`, '{"weight": 7, "pooled": "no"}');
    expect(await nextLife(id, /conflict|done/)).toContain('somebody else changed it');
    expect(await lab.etcdValue(path)).toBe('{"weight": 7, "pooled": "no"}');
    await end(id);
  });

  test('between intent and write, and a human has changed it since: a conflict, nothing written, nothing logged', async () => {
    await start('after-intent=kill');
    const { id } = await elukey.request(`!pool wikikube-worker1006 ${SERVICE}`);
    jijiki.say(`!approve ${id}`);
    await sluice.process.exited;
    const path = objectPath('wikikube-worker1006', SERVICE);
    await putValue(`${lab.etcd.url}/v2/keys${path}`, '{"weight": 2, "pooled": "no"}');
    expect(await nextLife(id, /conflict/)).toContain('Nothing was written');
    expect(await lab.etcdValue(path)).toBe('{"weight": 2, "pooled": "no"}');
    expect(logLines(elukey, id)).toHaveLength(0);
  });

  test('while an approval waits: it waits on, and is carried out once by the next process', async () => {
    await start(undefined);
    const { id } = await elukey.request(`!pool wikikube-worker1007 ${SERVICE}`);
    sluice.process.signal('SIGKILL');
    await sluice.process.exited;
    await start(undefined);
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    await jijiki.ask(`!approve ${id}`, /approved by jijiki/);
    expect((await done).text).toContain('yes/1');
    await end(id);
  });

  test('after the vote that reached the quorum: the sweeper of the next process starts it', async () => {
    await start('after-vote=kill');
    const { id } = await elukey.request(`!pool wikikube-worker1008 ${SERVICE}`);
    jijiki.say(`!approve ${id}`);
    await sluice.process.exited;
    expect(await nextLife(id, / done /)).toContain('yes/1');
    await end(id);
  });

  test('after the end was journaled: what there was to say is said by the next process, once', async () => {
    // Its log line must not be on its way: a kill between sending it and noting that is another story.
    await start(`before-send-log=wait:${lab.stateDir}/never;after-finish=kill:2`);
    const { id } = await elukey.request(`!pool wikikube-worker1009 ${SERVICE}`);
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`), 30_000);
    jijiki.say(`!approve ${id}`);
    await sluice.process.exited;
    await start(undefined);
    await done;
    await end(id);
  });

  test('SIGTERM ends after the write in flight: what has begun is held and can be resumed', async () => {
    const go = `${lab.stateDir}/go`;
    await start(`after-intent=wait:${go}`);
    const { id } = await elukey.request(`!depool maps[1005-1006] ${SERVICE}`);
    jijiki.say(`!approve ${id}`);
    await waitUntil('the intent is journaled', () => existsSync(`${go}.waits`));
    sluice.process.signal('SIGTERM');
    const held = elukey.irc.waitFor(new RegExp(`^${id} held`), 30_000);
    writeFileSync(go, '');
    expect((await held).text).toContain(
      'Done: maps1005.eqiad.wmnet no/10. Not done: maps1006.eqiad.wmnet yes/10.',
    );
    expect(await sluice.process.exited).toBe(0);
    await start(undefined);
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    await elukey.ask(`!resume ${id}`, /resumed by elukey/);
    await done;
    expect(await lab.etcdValue(objectPath('maps1006', SERVICE))).toBe('{"weight": 10, "pooled": "no"}');
  });
});

async function modifiedIndex(lab: Lab, path: string): Promise<number> {
  const answer = (await (await fetch(`${lab.etcd.url}/v2/keys${path}?quorum=true`)).json()) as {
    node: { modifiedIndex: number };
  };
  return answer.node.modifiedIndex;
}
