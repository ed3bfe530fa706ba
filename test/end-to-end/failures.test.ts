import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { runConfctl } from '../lab/confctl.ts';
import { putValue } from '../lab/etcd.ts';
import { connectIrc } from '../lab/irc-client.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { Talker } from './conversation.ts';
import { logLines, objectPath, talker } from './conversation.ts';

const K8S = 'kartotherian-k8s-ssl';
const SSL = 'kartotherian-ssl';

/** What goes wrong on the real IRC server, the real etcd, the real Redis, and beside the real confctl. One Sluice lives through all of it. */
describe('when things go wrong', () => {
  let lab: Lab;
  let elukey: Talker;
  let jijiki: Talker;
  let akosiaris: Talker;
  let sluice: ReturnType<Lab['startSluice']>;

  beforeAll(async () => {
    lab = await startLab();
    sluice = lab.startSluice();
    [elukey, jijiki, akosiaris] = await Promise.all([
      talker(lab, 'elukey'),
      talker(lab, 'jijiki'),
      talker(lab, 'akosiaris'),
    ]);
    await sluice.ready;
  });
  afterAll(() => lab.stop());

  test('the asker cannot approve, by word or by reaction', async () => {
    const { id, line } = await elukey.request(`!pool wikikube-worker1011 ${K8S}`);
    await elukey.ask(`!approve ${id}`, /refused: own request/);
    const again = elukey.irc.waitFor(/refused: own request/);
    elukey.irc.react(lab.channel, line.msgid ?? '', '✅');
    await again;
    await akosiaris.ask(`!deny ${id}`, /denied by akosiaris/);
    expect(await lab.etcdValue(objectPath('wikikube-worker1011', K8S))).toBe(
      '{"weight": 0, "pooled": "inactive"}',
    );
  });

  test('somebody under the nick of another is nobody', async () => {
    const { id } = await elukey.request(`!pool wikikube-worker1012 ${K8S}`);
    const impostor = await connectIrc({ port: lab.irc.port, nick: 'jijiki-' });
    await impostor.join(lab.channel);
    const refused = impostor.waitFor(/jijiki-: refused: not identified/);
    impostor.say(lab.channel, `!approve ${id}`);
    await refused;
    await impostor.quit();
    await elukey.ask(`!cancel ${id}`, /cancelled by elukey/);
  });

  test('real confctl between plan and approval: a conflict, and its value stays', async () => {
    const { id } = await elukey.request(`!pool wikikube-worker1013 ${K8S}`);
    const tags = `dc=eqiad,cluster=maps,service=${K8S}`;
    const ran = await runConfctl(lab.etcd.url, [
      'tags',
      tags,
      '--action',
      'set/pooled=no:weight=4',
      'wikikube-worker1013.eqiad.wmnet',
    ]);
    expect(ran.code).toBe(0);
    const conflict = elukey.irc.waitFor(
      new RegExp(`^${id} conflict: .*inactive/0 at index \\d+ and is now no/4`),
    );
    jijiki.say(`!approve ${id}`);
    await conflict;
    expect(await lab.etcdValue(objectPath('wikikube-worker1013', K8S))).toBe('{"weight": 4, "pooled": "no"}');
    expect(logLines(elukey, id)).toHaveLength(0);
  }, 90_000);

  test('the floor holds in the plan, and again when two plans meet', async () => {
    await elukey.ask(
      `!depool maps[2005-2008] ${K8S}`,
      /refused: floor: codfw would serve with 2 of 6, floor 3/,
    );
    const first = await elukey.request(`!depool maps[2005-2006] ${K8S}`);
    const second = await akosiaris.request(`!depool maps[2007-2008] ${K8S}`);
    const done = elukey.irc.waitFor(new RegExp(`^${first.id} done`));
    jijiki.say(`!approve ${first.id}`);
    await done;
    const held = elukey.irc.waitFor(new RegExp(`^${second.id} held: floor`));
    jijiki.say(`!approve ${second.id}`);
    expect((await held).text).toContain('Nothing was changed');
    expect(await lab.etcdValue(objectPath('maps2007', K8S))).toBe('{"weight": 10, "pooled": "yes"}');
    await elukey.ask(`!cancel ${second.id}`, /cancelled/);
  });

  test('outside the scope nothing is written', async () => {
    const path = '/conftool/v1/pools/eqiad/appserver/nginx/mw1001.eqiad.wmnet';
    await putValue(`${lab.etcd.url}/v2/keys${path}`, '{"weight": 10, "pooled": "yes"}');
    await elukey.ask('!depool mw1001 nginx', /refused: scope: eqiad\/appserver\/nginx is outside/);
    expect(await lab.etcdValue(path)).toBe('{"weight": 10, "pooled": "yes"}');
  });

  test('the STOP file holds what is approved, and it goes on when the file is gone', async () => {
    const { id } = await elukey.request(`!pool wikikube-worker1014 ${K8S}`);
    const file = join(lab.stateDir, 'STOP');
    writeFileSync(file, '');
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} held: STOP file`));
    rmSync(file);
    await elukey.ask(`!resume ${id}`, new RegExp(`^${id} done`));
  });

  test('a vote written into Redis by somebody else: refused, frozen, alerted', async () => {
    const { id } = await elukey.request(`!pool wikikube-worker1015 ${K8S}`);
    const redis = new Redis(lab.redis.url);
    const key = `{sluice}:op:${id}`;
    const planHash = await redis.hget(key, 'planHash');
    const vote = {
      person: 'jijiki',
      verdict: 'approve',
      planHash,
      eventKey: 'x',
      at: Date.now(),
      signature: 'f'.repeat(64),
    };
    const alert = elukey.irc.waitFor(new RegExp(`^ALERT: .* because of ${id}: ${id} was forged`), 30_000);
    await redis.hset(
      key,
      'vote:jijiki',
      JSON.stringify(vote),
      'state',
      'queued',
      'queuedAt',
      String(Date.now()),
    );
    await redis.rpush(`{sluice}:line:${K8S}`, id);
    await alert;
    await redis.quit();
    expect(await lab.etcdValue(objectPath('wikikube-worker1015', K8S))).toBe(
      '{"weight": 0, "pooled": "inactive"}',
    );
    await elukey.ask(`!pool wikikube-worker1016 ${K8S}`, /refused: frozen: by sluice/);
    await jijiki.ask('!thaw it was a test', /^thawed by jijiki/);
  });

  test('etcd killed between plan and write: failed, nothing changed; back again, retry works', async () => {
    const { id } = await elukey.request(`!pool wikikube-worker1017 ${K8S}`);
    lab.etcd.process.signal('SIGKILL');
    await lab.etcd.process.exited;
    await jijiki.ask(
      `!approve ${id}`,
      new RegExp(`^${id} failed: no connection to etcd .*Nothing was changed`),
      20_000,
    );
    await elukey.ask(`!status ${K8S}`, /refused: etcd: no connection/);
    await lab.etcd.restart();
    const retry = await elukey.request(`!retry ${id}`);
    await jijiki.ask(`!approve ${retry.id}`, new RegExp(`^${retry.id} done`));
  }, 40_000);

  test('etcd frozen in the middle of a write: UNKNOWN; thawed, settle says what became of it', async () => {
    // Frozen after the intent is journaled, at the last moment before the write is sent.
    const go = join(lab.stateDir, 'go');
    await restart({ SLUICE_FAULT_POINTS: `after-intent=wait:${go}` });
    const { id } = await elukey.request(`!depool maps[1008-1009] ${SSL}`);
    await jijiki.ask(`!approve ${id}`, /Starting\.$/);
    await waitUntil('the intent is journaled', async () => (await operationState(id)) === 'running');
    lab.etcd.process.freeze();
    const unknown = elukey.irc.waitFor(new RegExp(`^${id} UNKNOWN: no answer from etcd`), 60_000);
    writeFileSync(go, '');
    await unknown;
    lab.etcd.process.signal('SIGCONT');
    await waitUntil('etcd answers', async () => (await fetch(`${lab.etcd.url}/health`)).ok);
    const settled = await elukey.ask(`!settle ${id}`, new RegExp(`^${id} settled by elukey: failed`), 30_000);
    const value = await lab.etcdValue(objectPath('maps1008', SSL));
    expect(settled.text).toContain(
      value === '{"weight": 10, "pooled": "no"}' ? 'Done: maps1008' : 'Nothing was changed',
    );
    expect(logLines(elukey, id).map((line) => line.slice(0, 17))).toEqual(['!log DONE (ERROR)']);
  }, 120_000);

  test('Redis killed: production is still shown, a write says that nothing was queued; back again, it works', async () => {
    lab.redis.process.signal('SIGKILL');
    await lab.redis.process.exited;
    await elukey.ask(`!status ${SSL}`, /eqiad: \d of 6 pooled/);

    await elukey.ask(`!depool maps1010 ${SSL}`, /nothing was queued: no connection to Redis/);

    await elukey.irc.waitFor(
      /^by hand: sudo confctl tags 'dc=eqiad,cluster=maps,service=kartotherian-ssl' --action set\/pooled=no maps1010/,
      30_000,
      { since: 0 },
    );
    expect((await fetch(`${lab.httpUrl}/readyz`)).status).toBe(503);
    await lab.redis.restart();
    await waitUntil(
      'Sluice is ready again',
      async () => (await fetch(`${lab.httpUrl}/readyz`)).status === 200,
    );
    await elukey.ask(`!depool maps1010 ${SSL}`, /^\S+ done/, 30_000);
  }, 40_000);

  test('history that the server replays on join never runs', async () => {
    elukey.irc.raw('OPER testoper operpass');
    elukey.irc.raw(`SAMODE ${lab.channel} +H 50:1h`);
    await elukey.request(`!weight maps[1005-1006] ${SSL} 9 an old line`);
    const before = await lab.etcdValue(objectPath('maps1006', SSL));
    const newcomer = await connectIrc({ port: lab.irc.port, nick: 'newcomer' });
    await newcomer.join(lab.channel);
    await newcomer.waitFor((line) => line.text.includes('an old line'), 30_000, { since: 0 });
    await newcomer.quit();
    const said = elukey.said().length;
    await restart({});
    await elukey.ask('!health', /parts? (?:work|down)/);
    expect(
      elukey
        .said()
        .slice(said)
        .filter((line) => line.includes('maps1006')),
    ).toEqual([]);
    expect(await lab.etcdValue(objectPath('maps1006', SSL))).toBe(before);
  }, 40_000);

  test('the IRC server killed and started again: Sluice comes back by itself', async () => {
    await lab.irc.restartServer();
    const again = await connectIrc({ port: lab.irc.port, nick: 'watcher', account: 'akosiaris' });
    await again.join(lab.channel);
    await waitUntil(
      'Sluice is ready again',
      async () => (await fetch(`${lab.httpUrl}/readyz`)).status === 200,
      30_000,
    );
    const answer = again.waitFor(/watcher: you are akosiaris \(account akosiaris\), roles sre\./);
    again.say(lab.channel, '!whoami');
    await answer;
    await again.quit();
  });

  async function restart(env: NodeJS.ProcessEnv): Promise<void> {
    await sluice.process.stop();
    sluice = lab.startSluice({ env });
    await sluice.ready;
  }

  async function operationState(id: string): Promise<string | null> {
    const redis = new Redis(lab.redis.url);
    try {
      return await redis.hget(`{sluice}:op:${id}`, 'state');
    } finally {
      redis.disconnect();
    }
  }
});
