import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { verifyAudit } from '../../src/adapters/audit/read.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import type { Talker } from './conversation.ts';
import { logLines, objectPath, talker } from './conversation.ts';

const K8S = 'kartotherian-k8s-ssl';

describe('the main job, on real IRC, Redis and etcd', () => {
  let lab: Lab;
  let elukey: Talker;
  let jijiki: Talker;

  beforeAll(async () => {
    lab = await startLab();
    const sluice = lab.startSluice();
    [elukey, jijiki] = await Promise.all([talker(lab, 'elukey'), talker(lab, 'jijiki')]);
    await sluice.ready;
  });
  afterAll(() => lab.stop());

  test('a request, a second person by !approve, the object, the read-back, the log: word for word', async () => {
    const { id, line } = await elukey.request(`!pool wikikube-worker1001 ${K8S} first worker - T378944`);
    expect(line.text).toMatch(
      new RegExp(
        `^elukey: ${id} waits for 1 approval \\(not yours\\): pool wikikube-worker1001\\.eqiad\\.wmnet in kartotherian-k8s-ssl \\(eqiad/maps\\): inactive/0 -> yes/1, share of eqiad 0 % -> 1\\.6 %\\. React with ✅ or say !approve ${id}\\. Expires \\d\\d:\\d\\d UTC\\.$`,
      ),
    );
    const logged = jijiki.irc.waitFor(new RegExp(`^!log .*\\[${id}\\]`));
    const done = jijiki.irc.waitFor(new RegExp(`^${id} done`));
    const approved = await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} approved`));
    expect(approved.text).toBe(
      `${id} approved by jijiki: pool wikikube-worker1001.eqiad.wmnet in kartotherian-k8s-ssl. Starting.`,
    );
    expect((await done).text).toMatch(
      new RegExp(
        `^${id} done in [\\d.]+ s: wikikube-worker1001\\.eqiad\\.wmnet yes/1 in kartotherian-k8s-ssl, read back \\d\\d:\\d\\d:\\d\\d UTC\\. eqiad declared 7 of 7 \\(load balancers not asked\\): bare metal 98\\.4 %, wikikube 1\\.6 %\\. Back: !undo ${id}$`,
      ),
    );
    const text = (await logged).text;
    expect(text).toMatch(
      new RegExp(
        `^!log DONE \\(PASS\\) - pool wikikube-worker1001\\.eqiad\\.wmnet in kartotherian-k8s-ssl by elukey, ok jijiki \\[${id}\\]: first worker \\(duration: 00m \\d\\ds\\) - T378944$`,
      ),
    );
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(350);
    expect(await lab.etcdValue(objectPath('wikikube-worker1001', K8S))).toBe(
      '{"weight": 1, "pooled": "yes"}',
    );
    await jijiki.irc.waitFor(
      (line) => line.nick === 'stashbot' && line.text.startsWith('Logged the message'),
      30_000,
      { since: 0 },
    );
    expect(lab.stashbot.entries.at(-1)).toMatchObject({ nick: 'sluice', tasks: ['T378944'] });
  });

  test('a reaction on the request is an approval, and undo puts it back byte for byte', async () => {
    const { id, line } = await elukey.request(`!pool wikikube-worker1002 ${K8S} weight=3`);
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    jijiki.irc.react(lab.channel, line.msgid ?? '', '✅');
    expect((await done).text).toContain('yes/3');
    expect(await lab.etcdValue(objectPath('wikikube-worker1002', K8S))).toBe(
      '{"weight": 3, "pooled": "yes"}',
    );
    const back = await elukey.ask(`!undo ${id}`, /^\S+ done/);
    expect(back.text).toContain('inactive/0');
    expect(await lab.etcdValue(objectPath('wikikube-worker1002', K8S))).toBe(
      '{"weight": 0, "pooled": "inactive"}',
    );
  });

  test('a range goes host by host, each confirmed, and is one log line', async () => {
    const { id } = await elukey.request('!depool maps[1005-1007] kartotherian');
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    await jijiki.ask(`!approve ${id}`, /approved by jijiki/);
    expect((await done).text).toContain('maps[1005-1007].eqiad.wmnet no/10');
    await elukey.irc.waitFor(new RegExp(`^!log .*\\[${id}\\]`), 30_000, { since: 0 });
    expect(
      elukey.said().filter((line) => line.startsWith(`${id} 1 of 3`) || line.startsWith(`${id} 2 of 3`)),
    ).toHaveLength(2);
    expect(logLines(elukey, id)).toHaveLength(1);
  });

  test('everything that happened is in the audit log, whose chain holds', async () => {
    const verified = await verifyAudit(join(lab.stateDir, 'audit.log'));
    expect(verified.ok && verified.value.count).toBeGreaterThan(10);
  });

  test('/readyz names every part, /healthz answers, /metrics has the numbers', async () => {
    const ready = await fetch(`${lab.httpUrl}/readyz`);
    expect(ready.status).toBe(200);
    expect(Object.keys(((await ready.json()) as { parts: object }).parts)).toEqual([
      'redis',
      'etcd',
      'worker',
      'irc',
    ]);
    expect((await fetch(`${lab.httpUrl}/healthz`)).status).toBe(200);
    const metrics = await (await fetch(`${lab.httpUrl}/metrics`)).text();
    expect(metrics).toMatch(/^sluice_operations_total\{command="pool",result="done"\} [1-9]/m);
    expect(metrics).toMatch(/^sluice_conftool_seconds_count\{call="write",ok="true"\} [1-9]/m);
    expect(metrics).toMatch(/^sluice_audit_head\{hash="[0-9a-f]{64}"\} 1/m);
    expect((await fetch(`${lab.httpUrl}/readyz`, { method: 'POST' })).status).toBe(405);
  });
});
