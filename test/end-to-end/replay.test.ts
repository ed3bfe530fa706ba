import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runConfctl } from '../lab/confctl.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { Load } from '../lab/traffic/load.ts';
import { startLoad } from '../lab/traffic/load.ts';
import type { PybalHost } from '../lab/traffic/pybal.ts';
import type { LabTraffic } from '../lab/traffic/traffic.ts';
import type { Talker } from './conversation.ts';
import { talker } from './conversation.ts';

const K8S = 'kartotherian-k8s-ssl';
const POOL = 'kartotherian-k8s-ssl_6543';
const WORKERS = [1001, 1002, 1003, 1004].map((number) => `wikikube-worker${String(number)}.eqiad.wmnet`);

/** maps.wikimedia.org, 2025-02-17: conftool said yes, nothing served, and the old hosts were taken away on that belief. */
describe('the outage of 2025, on real HAProxy, Prometheus, etcd, Redis and IRC', () => {
  let lab: Lab;
  let traffic: LabTraffic;
  let elukey: Talker;
  let jijiki: Talker;
  let load: Load;

  beforeAll(async () => {
    lab = await startLab({ traffic: true });
    if (lab.traffic === undefined) throw new Error('a lab without traffic');
    traffic = lab.traffic;
    const sluice = lab.startSluice();
    [elukey, jijiki] = await Promise.all([talker(lab, 'elukey'), talker(lab, 'jijiki')]);
    await sluice.ready;
    const url = traffic.haproxy['eqiad']?.frontends[K8S] ?? '';
    load = startLoad({ url, rps: 20, seconds: 240 });
  }, 90_000);
  afterAll(async () => {
    load.stop();
    await lab.stop();
  });

  async function confctl(host: string, action: string, service = K8S): Promise<void> {
    const tags = `dc=eqiad,cluster=maps,service=${service}`;
    const { code, stderr } = await runConfctl(lab.etcd.url, [
      'tags',
      tags,
      '--action',
      `set/${action}`,
      host,
    ]);
    if (code !== 0) throw new Error(stderr);
  }

  function untilBalanced(hosts: readonly string[], what: (host: PybalHost) => boolean): Promise<void> {
    return waitUntil('the load balancer has seen it', async () => {
      const pool = await traffic.pybal['eqiad']?.pool(POOL);
      return hosts.every((host) => {
        const seen = pool?.[host];
        return seen !== undefined && what(seen);
      });
    });
  }

  async function sick(what: string): Promise<void> {
    await Promise.all(WORKERS.map((host) => traffic.backends.setSick(host, what)));
  }

  test('workers that accept connections and answer nothing are not pooled', async () => {
    await sick('mute');
    const refused = await elukey.ask(
      `!pool wikikube-worker[1001-1004] ${K8S} - T378944`,
      /^elukey: refused/,
      15_000,
    );
    expect(refused.text).toBe(
      'elukey: refused: probe: wikikube-worker[1001-1004] does not serve kartotherian-k8s-ssl: connection accepted, no answer in 3000 ms. Nothing was changed.',
    );
  });

  test('forced behind its back, they count for nothing: declared, effective and observed stand side by side', async () => {
    for (const host of WORKERS) await confctl(host, 'pooled=no:weight=10');
    await untilBalanced(WORKERS, ({ up }) => !up);
    for (const host of WORKERS) await confctl(host, 'pooled=yes');
    await untilBalanced(WORKERS, ({ enabled, pooled }) => enabled && !pooled);
    let status = '';
    await waitUntil(
      'requests are seen',
      async () => {
        const line = await elukey.ask(`!status ${K8S}`, /^kartotherian-k8s-ssl eqiad: /);
        status = line.text;
        return /observed (?:1\d|2\d) rps/.test(status);
      },
      30_000,
    );
    expect(status).toMatch(
      /^kartotherian-k8s-ssl eqiad: 10 of 10 pooled, floor 5, bare metal 60 %, wikikube 40 % \(declared\); effective 6 of 10 \(lvs1019 [\d:]+ UTC\): bare metal 100 %; observed \d\d rps: bare metal 100 % \(Prometheus, [\d.]+ s ago\)$/,
    );
    const disagrees = await elukey.irc.waitFor(/DISAGREES/, 30_000, { since: 0 });
    expect(disagrees.text).toBe(
      'kartotherian-k8s-ssl eqiad DISAGREES: wikikube-worker[1001-1004] declared yes, down on lvs1019, 0 rps',
    );
  });

  test('the old hosts stay: the declared count would have let them go', async () => {
    const refused = await elukey.ask(`!depool maps[1005-1008] ${K8S} - T378944`, /^elukey: refused/);
    expect(refused.text).toBe(
      'elukey: refused: floor: eqiad would serve with 2 of 10, floor 5. Effective now: 6; pooled but down: wikikube-worker[1001-1004]. Nothing was changed. See !status kartotherian-k8s-ssl.',
    );
  });

  test('what somebody else wrote is seen', async () => {
    const changed = await jijiki.ask('!changes 10m wikikube-worker1001', /eqiad\/maps\/kartotherian-k8s-ssl/);
    expect(changed.text).toMatch(
      /UTC eqiad\/maps\/kartotherian-k8s-ssl wikikube-worker1001 no\/10 -> yes\/10 by unknown$/,
    );
  });

  test('when they serve, the same line goes through, host by host, each taken up before the next', async () => {
    await sick('well');
    await untilBalanced(WORKERS, ({ up, pooled }) => up && pooled);
    const { id, line } = await elukey.request(`!depool maps[1005-1008] ${K8S} - T378944`);
    expect(line.text).toContain('effective 10 -> 6, floor 5 of 10 holds, the others carry x1.7');
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`), 60_000);
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} approved`));
    expect((await done).text).toContain(
      'eqiad declared 6 of 10, effective 6 (lvs1019): bare metal 33.3 %, wikikube 66.7 %',
    );
    const steps = elukey.said().filter((text) => text.startsWith(`${id} `) && text.includes(' of 4: '));
    expect(steps).toHaveLength(3);
    const back = elukey.irc.waitFor(/^\S+ done in .* maps\[1005-1008\]\S* yes\/10/, 60_000);
    await elukey.ask(`!undo ${id}`, /^elukey: \S+ needs no approval/, 30_000);
    await back;
  }, 90_000);

  test('a load balancer that does not follow stops the batch, and the log says so', async () => {
    await traffic.pybal['eqiad']?.freeze(true);
    const ended = elukey.irc.waitFor(/^\S+ failed/, 30_000);
    await elukey.ask(`!depool maps1009 ${K8S}`, /^elukey: \S+ needs no approval/);
    expect((await ended).text).toMatch(
      /^(\S+) failed: written, not effective on lvs1019 after 1\d\.\d s: maps1009\.eqiad\.wmnet no\/10\. Done: maps1009\.eqiad\.wmnet no\/10\. !undo \1 or !retry \1$/,
    );
    await elukey.irc.waitFor(/^!log DONE \(FAIL\) - depool maps1009/, 30_000, { since: 0 });
    await traffic.pybal['eqiad']?.freeze(false);
    await confctl('maps1009.eqiad.wmnet', 'pooled=yes');
  });

  test('two that are each fine and together break the floor: the second is held with the numbers', async () => {
    const first = await elukey.request('!depool maps[1005-1006] kartotherian-ssl');
    const second = await jijiki.request('!depool maps[1007-1008] kartotherian-ssl');
    const done = elukey.irc.waitFor(new RegExp(`^${first.id} done`), 30_000);
    const held = elukey.irc.waitFor(new RegExp(`^${second.id} held`), 30_000);
    const heard = elukey.irc.waitFor(new RegExp(`^!approve ${first.id}$`));
    jijiki.say(`!approve ${first.id}`);
    await heard;
    elukey.say(`!approve ${second.id}`);
    await done;
    expect((await held).text).toBe(
      `${second.id} held: floor: eqiad would serve with 2 of 6, floor 3. Nothing was changed. !resume ${second.id} or !cancel ${second.id}`,
    );
  });

  test('from beginning to end no request failed', async () => {
    load.stop();
    const { sent, failed, outcomes } = await load.result;
    expect({ failed, outcomes }).toEqual({ failed: 0, outcomes: { '200': sent } });
    expect(sent).toBeGreaterThan(200);
  });
});
