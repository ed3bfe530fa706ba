import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Talker } from '../end-to-end/conversation.ts';
import { objectPath, talker } from '../end-to-end/conversation.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { SluiceProcess } from '../lab/sluice-process.ts';
import { runSluiceTool } from '../lab/sluice-tool.ts';

/** What an operator types beside a running Sluice, or without one: the real program, as `npm run sluice --` starts it. */
describe('tools', () => {
  let lab: Lab;
  let sluice: SluiceProcess;
  let elukey: Talker;
  let jijiki: Talker;
  let head: string;

  beforeAll(async () => {
    lab = await startLab();
    sluice = lab.startSluice();
    [elukey, jijiki] = await Promise.all([talker(lab, 'elukey'), talker(lab, 'jijiki')]);
    await sluice.ready;
  });
  afterAll(() => lab.stop());

  const tool = (...words: readonly string[]): ReturnType<typeof runSluiceTool> =>
    runSluiceTool(lab.configFile, ...words);

  test('the log of what was done is whole, and can be read', async () => {
    await elukey.ask('!depool maps1005 kartotherian-ssl nginx - T378944', /^\S+ done/);
    await elukey.request('!depool maps[1006-1007] kartotherian-ssl for=1h');
    const verified = await tool('audit', 'verify');
    expect(verified).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ok .*: \d+ lines, each follows/),
    });
    head = /Head: ([0-9a-f]{64})/.exec(verified.out)?.[1] ?? '';
    const shown = await tool('audit', 'show', '--since', '1h');
    expect(shown.out).toMatch(/UTC \S+ queued elukey !depool maps1005 kartotherian-ssl nginx - T378944\n/);
    expect(shown.out).toMatch(/UTC \S+ intent - /);
    const wiki = await tool('audit', 'show', '--sal');
    expect(wiki.out).toMatch(
      /^\* \d\d:\d\d sluice: DONE \(PASS\) - depool maps1005\.eqiad\.wmnet in kartotherian-ssl by elukey \[\S+\]: nginx \(duration: 00m \d\ds\) - T378944\n$/,
    );
  });

  test('who comes on call is told in a screenful', async () => {
    await elukey.ask('!lock kartotherian certificates are being changed', /LOCKED/);
    const { out, code } = await tool('brief');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^waiting, running, held or unknown:\n {2}\S+ awaiting-approval: depool maps\[1006-1007\]/,
    );
    expect(out).toMatch(/locks and freeze:\n {2}.*kartotherian.*certificates are being changed/);
    expect(out).toContain('longer than it was meant to be: nothing');
    expect(out).toMatch(/this Sluice:\n {2}redis ok\n {2}etcd ok\n/);
  });

  test('the lines to type are there also when nothing else is', async () => {
    const listed = await tool('by-hand');
    const id = /^(\S+) awaiting-approval/.exec(listed.out)?.[1] ?? '';
    const { out } = await tool('by-hand', id);
    expect(out).toContain(
      "sudo confctl tags 'dc=eqiad,cluster=maps,service=kartotherian-ssl' --action set/pooled=no maps1006.eqiad.wmnet\n",
    );
    expect(await tool('by-hand', 'zzz')).toMatchObject({ code: 1, out: 'audit.log knows no zzz\n' });
  });

  test('which rule decides is said without asking anybody', async () => {
    const few = await tool('policy', 'test', 'elukey: !depool maps1008 kartotherian');
    expect(few).toMatchObject({
      code: 0,
      out: 'elukey: rule 2 of the policy: 1 objects, without approval, at most 25 % of the serving weight per 30 min.\n',
    });
    const many = await tool('policy', 'test', 'elukey: !depool maps[1008-1009] kartotherian');
    expect(many.out).toContain('rule 4 of the policy: 2 objects, with 1 approval by sre');
    expect(await tool('policy', 'test', 'nobody: !depool maps1008 kartotherian')).toMatchObject({ code: 1 });
    expect(await tool('policy', 'test', 'elukey: !depool mops1008 kartotherian')).toMatchObject({
      code: 1,
      out: expect.stringContaining('unknown host'),
    });
    expect(await tool('policy', 'test', 'what')).toMatchObject({ code: 2 });
    expect(await tool('audit', 'burn')).toMatchObject({ code: 2, out: expect.stringContaining('usage:') });
  });

  test('a Redis that has lost its data: nothing starts, the log fills it again, and what was unfinished is settled', async () => {
    const { id } = await elukey.request('!pool wikikube-worker1003 kartotherian-k8s-ssl');
    sluice.process.signal('SIGKILL');
    await sluice.process.exited;
    const redis = new Redis(lab.redis.url);
    await redis.flushall();
    await redis.quit();
    const refused = lab.startSluice();
    await refused.process.exited;
    expect(readFileSync(refused.logFile, 'utf8')).toContain('type: sluice audit rebuild');
    const rebuilt = await tool('audit', 'rebuild');
    expect(rebuilt.code).toBe(0);
    expect(rebuilt.out).toMatch(/^ok 3 operations are back in the journal, 2 of them uncertain\n/);
    expect(rebuilt.out).toContain(`type in chat: !settle ${id}\n`);
    expect(await tool('audit', 'rebuild')).toMatchObject({
      code: 1,
      out: expect.stringContaining('the journal is not empty'),
    });
    sluice = lab.startSluice();
    await sluice.ready;
    const settled = await elukey.ask(`!settle ${id}`, new RegExp(`^${id} settled`));
    expect(settled.text).toContain('failed');
    // What was signed before is believed after: it can be put back.
    const shown = await jijiki.ask('!status kartotherian', /LOCKED|locked/);
    expect(shown.text).toContain('certificates');
    expect(await lab.etcdValue(objectPath('maps1005', 'kartotherian-ssl'))).toContain('"no"');
  });

  test('a log that was written anew from some point on is found out', async () => {
    const file = join(lab.stateDir, 'audit.log');
    await waitUntil('it is whole', async () => (await tool('audit', 'verify', '--head', head)).code === 0);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('nginx', 'apache'));
    expect(await tool('audit', 'verify')).toMatchObject({
      code: 1,
      out: expect.stringContaining('was changed after it was written'),
    });
    writeFileSync(file, '');
    expect(await tool('audit', 'verify', '--head', head)).toMatchObject({
      code: 1,
      out: expect.stringContaining('it was written anew'),
    });
    writeFileSync(file, text);
  });
});
