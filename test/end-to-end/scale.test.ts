import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { doctor } from '../../src/doctor.ts';
import type { ClusterName, LabK8s } from '../lab/k8s.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { SluiceProcess } from '../lab/sluice-process.ts';
import type { Talker } from './conversation.ts';
import { logLines, talker } from './conversation.ts';

const NAMESPACE = 'kartotherian';
const IN_NAMESPACE = ['-n', NAMESPACE];
/** The first build of the clusters takes about six minutes on two cores. */
const BUILT_WITHIN_MS = 1_500_000;

describe('!scale, on real IRC, Redis and API servers', () => {
  let lab: Lab;
  let k8s: LabK8s;
  let sluice: SluiceProcess;
  let elukey: Talker;
  let jijiki: Talker;
  let akosiaris: Talker;

  beforeAll(async () => {
    lab = await startLab({ kubernetes: '15s' });
    sluice = lab.startSluice();
    [elukey, jijiki, akosiaris] = (await Promise.all(
      ['elukey', 'jijiki', 'akosiaris'].map((name) => talker(lab, name)),
    )) as [Talker, Talker, Talker];
    await sluice.ready;
    // Chat works before the clusters are there, and says what is the matter.
    await elukey.ask(
      '!scale kartotherian 70 dc=eqiad',
      /^elukey: refused: cluster: eqiad does not answer|waits for/,
    );
    if (lab.clusters === undefined) throw new Error('a lab without clusters');
    k8s = await lab.clusters;
  }, BUILT_WITHIN_MS);
  afterAll(() => lab.stop());

  async function wanted(cluster: ClusterName): Promise<number> {
    const { out } = await k8s.kubectl(
      'admin',
      cluster,
      ...IN_NAMESPACE,
      'get',
      'deployment',
      'kartotherian-main',
      '-o',
      'jsonpath={.spec.replicas}',
    );
    return Number(out);
  }

  /** What a quota counts comes a moment after pods have gone. */
  function quotaFollows(): Promise<void> {
    return waitUntil('the quota counts 65 pods', async () => {
      const path = "jsonpath={.items[0].status.used['requests\\.cpu']}";
      const { out } = await k8s.kubectl('admin', 'eqiad', ...IN_NAMESPACE, 'get', 'quota', '-o', path);
      return out === '403';
    });
  }

  /** Asks and lets it be approved; resolves with the id and the line that ends it. */
  async function carryOut(
    line: string,
    approvers: readonly Talker[],
  ): Promise<{ readonly id: string; readonly asked: string; readonly end: string }> {
    const { id, line: asked } = await elukey.request(line);
    const end = elukey.irc.waitFor(new RegExp(`^${id} (?:done|failed|conflict|held)`), 60_000);
    for (const one of approvers) await one.ask(`!approve ${id}`, new RegExp(`^${id} approved`));
    return { id, asked: asked.text, end: (await end).text };
  }

  async function ended(id: string): Promise<readonly string[]> {
    await elukey.irc.waitFor(new RegExp(`^!log END .*\\[${id}\\]`), 30_000, { since: 0 });
    return logLines(elukey, id);
  }

  test('more pods: room and owner in the plan, one START, one END, and kubectl sees the same', async () => {
    const { id, asked, end } = await carryOut('!scale kartotherian 70 dc=eqiad more tiles - T378944', [
      jijiki,
    ]);
    expect(asked).toContain(
      'scale kartotherian to 70 in eqiad: 65 -> 70, quota has room for 23 more, capacity 487.5 -> 525 rps, helmfile owns it (resources.replicas in values.yaml says 65): its next upgrade puts that back.',
    );
    expect(end).toMatch(
      new RegExp(
        `^${id} done in [\\d.]+ s: kartotherian 70 of 70 ready in eqiad, read back \\S+ UTC\\. Back: !undo ${id}$`,
      ),
    );
    expect(await ended(id)).toEqual([
      `!log START - scale eqiad/kartotherian/kartotherian-main 65->70 by elukey, ok jijiki [${id}]: more tiles - T378944`,
      expect.stringMatching(
        new RegExp(
          `^!log END \\(PASS\\) - scale eqiad/kartotherian/kartotherian-main 65->70 by elukey, ok jijiki \\[${id}\\]: more tiles \\(duration: 00m \\d\\ds\\) - T378944$`,
        ),
      ),
    ]);
    expect(await wanted('eqiad')).toBe(70);
    expect(await wanted('codfw')).toBe(65);
    const drift = await elukey.ask('!status kartotherian', /^kartotherian in eqiad/);
    expect(drift.text).toBe(
      'kartotherian in eqiad: 70 of 70 ready, quota has room for 18 more, last set by sluice, DRIFT: resources.replicas in values.yaml says 65, the next helmfile upgrade puts that back',
    );
    const back = await elukey.ask(`!undo ${id}`, /^\S+ done/, 60_000);
    expect(back.text).toContain('kartotherian 65 of 65 ready in eqiad');
    expect(await wanted('eqiad')).toBe(65);
  });

  test('65 -> 95 under the quota of production fails in time, names what is missing, and is put back', async () => {
    await quotaFollows();
    const { id, asked, end } = await carryOut('!scale kartotherian 95 dc=eqiad', [jijiki]);
    expect(asked).toContain('(requests.cpu: 6.2 each, 147 left): 7 WILL NOT START');
    expect(end).toMatch(
      new RegExp(
        `^${id} failed: eqiad: 8[89] of 95 ready after 1\\d\\.\\d s; quota requests\\.cpu: needs 6\\.2, (?:4\\.4|0) left\\. Half done: eqiad 95, 8[89] ready\\. !undo ${id} or !retry ${id}$`,
      ),
    );
    const [start, log] = await ended(id);
    expect(start).toContain('!log START - scale eqiad/kartotherian/kartotherian-main 65->95');
    expect(log).toContain('!log END (FAIL) - scale eqiad/kartotherian/kartotherian-main 65->95');
    const told = elukey
      .said()
      .find((line) => new RegExp(`^${id} eqiad: 8[89] of 95 ready; quota requests.cpu`).test(line));
    expect(told).toBeDefined();
    // Going back takes 32 % away, and no metrics speak for it: two people.
    const undo = await carryOut(`!undo ${id}`, [jijiki, akosiaris]);
    expect(undo.asked).toContain('waits for 2 approvals');
    expect(undo.end).toContain('kartotherian 65 of 65 ready in eqiad');
    expect(await wanted('eqiad')).toBe(65);
  });

  test('both clusters, one after the other, in one line of the log', async () => {
    const { id, end } = await carryOut('!scale kartotherian 66', [jijiki]);
    expect(end).toContain('kartotherian 66 of 66 ready in eqiad, 66 of 66 ready in codfw');
    expect(await ended(id)).toHaveLength(2);
    expect(logLines(elukey, id)[0]).toContain(
      'scale eqiad+codfw/kartotherian/kartotherian-main 65+65->66+66',
    );
    await elukey.ask(`!undo ${id}`, /^\S+ done/, 60_000);
    expect([await wanted('eqiad'), await wanted('codfw')]).toEqual([65, 65]);
  });

  test('killed while pods follow: the next process waits for them, and nothing is logged twice', async () => {
    await k8s.steer('eqiad', NAMESPACE, { readyAfter: '4s' });
    const { id } = await elukey.request('!scale kartotherian 72 dc=eqiad');
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} approved`));
    await waitUntil('the number is set', async () => (await wanted('eqiad')) === 72);
    sluice.process.signal('SIGKILL');
    await sluice.process.exited;
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`), 60_000);
    sluice = lab.startSluice();
    await sluice.ready;
    expect((await done).text).toContain('kartotherian 72 of 72 ready in eqiad');
    expect(await ended(id)).toHaveLength(2);
    await k8s.steer('eqiad', NAMESPACE, {});
    await elukey.ask(`!undo ${id}`, /^\S+ done/, 60_000);
  });

  test('somebody else sets another number meanwhile: that is no success, and is said', async () => {
    await k8s.steer('eqiad', NAMESPACE, { readyAfter: '10s' });
    const { id } = await elukey.request('!scale kartotherian 75 dc=eqiad');
    const end = elukey.irc.waitFor(new RegExp(`^${id} (?:done|failed|conflict|held)`), 60_000);
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} approved`));
    await waitUntil('the number is set', async () => (await wanted('eqiad')) === 75);
    await k8s.kubectl(
      'admin',
      'eqiad',
      ...IN_NAMESPACE,
      'scale',
      'deployment/kartotherian-main',
      '--replicas=65',
    );
    expect((await end).text).toMatch(
      new RegExp(`^${id} conflict: kartotherian in eqiad was set to 75, and then to 65, by kubectl`),
    );
    await k8s.steer('eqiad', NAMESPACE, {});
  });

  test('an autoscaler owns the number: refused, naming its bounds', async () => {
    const hpa = ['autoscale', 'deployment', 'kartotherian-main', '--min=60', '--max=70', '--cpu-percent=80'];
    await k8s.kubectl('admin', 'codfw', ...IN_NAMESPACE, ...hpa);
    const refused = await elukey.ask('!scale kartotherian 80 dc=codfw', /^elukey: refused/);
    expect(refused.text).toContain(
      'refused: autoscaler: kartotherian-main sets the number of kartotherian in codfw, 60..70: any other is undone within seconds.',
    );
    await k8s.kubectl('admin', 'codfw', ...IN_NAMESPACE, 'delete', 'hpa', '--all');
  });

  test('before workers are pooled: whether the node takes traffic, and how many pods are behind the port', async () => {
    const line = '!pool wikikube-worker1001 kartotherian-k8s-ssl dry-run';
    const well = await elukey.ask(line, /^elukey: dry run/);
    expect(well.text).toContain(
      'Note: wikikube-worker1001 Ready and schedulable, 65 ready pods of kartotherian behind port 6543 in eqiad.',
    );
    await k8s.kubectl('admin', 'eqiad', 'cordon', 'wikikube-worker1001.eqiad.wmnet');
    const cordoned = await elukey.ask(line, /^elukey: dry run/);
    expect(cordoned.text).toContain('wikikube-worker1001 cordoned, 65 ready pods');
    await k8s.kubectl('admin', 'eqiad', 'uncordon', 'wikikube-worker1001.eqiad.wmnet');
    const metal = await elukey.ask(
      '!pool maps1005 kartotherian-k8s-ssl weight=9 dry-run',
      /^elukey: dry run/,
    );
    expect(metal.text).not.toContain('Ready');
  });

  test('its health says when the clusters answer', async () => {
    expect((await elukey.ask('!health', /kubernetes/)).text).toMatch(/kubernetes ok/);
  });

  test('sluice doctor asks for exactly these rights', async () => {
    const lines: string[] = [];
    expect(await doctor(lab.configFile, (line) => lines.push(line))).toBe(0);
    expect(lines.filter((line) => /^\S+ kubernetes /.test(line))).toEqual([
      'ok kubernetes eqiad kartotherian: all 11 rights, 65 of 65 ready',
      'ok kubernetes eqiad tegola-vector-tiles: all 11 rights, 12 of 12 ready',
      'ok kubernetes codfw kartotherian: all 11 rights, 65 of 65 ready',
      'ok kubernetes codfw tegola-vector-tiles: all 11 rights, 12 of 12 ready',
    ]);
    // A right that is taken away is named.
    await k8s.kubectl('admin', 'codfw', ...IN_NAMESPACE, 'delete', 'rolebinding', 'sluice');
    const again: string[] = [];
    await doctor(lab.configFile, (line) => again.push(line));
    expect(again).toContain(
      'FAIL kubernetes codfw kartotherian: may not patch deployments/scale in kartotherian: see docs/kubernetes',
    );
    const refused = await elukey.ask('!scale kartotherian 70 dc=codfw', /^elukey: refused/);
    expect(refused.text).toContain(
      'refused: cluster: Sluice may not get deployment kartotherian-main in codfw',
    );
  });

  test('the API servers saw nothing but what the role allows', () => {
    const seen = (['eqiad', 'codfw'] as const).flatMap((cluster) => k8s.audit(cluster));
    // Whether it answers at all is asked of no resource.
    const ours = seen.filter(
      ({ user, resource }) => user === 'system:serviceaccount:sluice:sluice' && resource !== '',
    );
    expect([...new Set(ours.map(({ verb, resource }) => `${verb} ${resource}`))].sort()).toEqual([
      'create selfsubjectaccessreviews',
      'get deployments',
      'get nodes',
      'list endpointslices',
      'list horizontalpodautoscalers',
      'list pods',
      'list resourcequotas',
      'list services',
      'patch deployments/scale',
      'watch deployments',
    ]);
  });
});
