import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { ensureConfctl } from '../lab/confctl.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import type { Talker } from './conversation.ts';
import { objectPath, talker } from './conversation.ts';

const K8S = 'kartotherian-k8s-ssl';
const SCHEMA = fileURLToPath(new URL('../lab/conftool-data/schema.yaml', import.meta.url));

describe('driver: confctl, in the whole of Sluice', () => {
  let lab: Lab;
  let elukey: Talker;
  let jijiki: Talker;

  beforeAll(async () => {
    const command = await ensureConfctl();
    lab = await startLab();
    writeConfig(command);
    const sluice = lab.startSluice();
    [elukey, jijiki] = await Promise.all([talker(lab, 'elukey'), talker(lab, 'jijiki')]);
    await sluice.ready;
  }, 180_000);
  afterAll(() => lab.stop());

  /** The lab's sluice.yaml, but that confctl writes. */
  function writeConfig(command: string): void {
    const folder = lab.runDir.folder('conftool');
    const [etcdrc, configFile] = [join(folder, 'etcdrc'), join(folder, 'config.yaml')];
    const { hostname, port } = new URL(lab.etcd.url);
    writeFileSync(etcdrc, `host: ${hostname}\nport: ${port}\nprotocol: http\n`, { mode: 0o600 });
    writeFileSync(configFile, `driver_options: {etcd_config_file: ${etcdrc}}\n`, { mode: 0o600 });
    const config = parse(readFileSync(lab.configFile, 'utf8')) as { conftool: object };
    const conftool = {
      ...config.conftool,
      driver: 'confctl',
      confctl: { command, configFile, schemaFile: SCHEMA },
    };
    writeFileSync(lab.configFile, stringify({ ...config, conftool }));
  }

  test('a request is approved, written by confctl in two legal steps, read back, logged, and put back', async () => {
    const { id } = await elukey.request(`!pool wikikube-worker1001 ${K8S} - T378944`);
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`), 30_000);
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} approved`));
    expect((await done).text).toContain(
      'wikikube-worker1001.eqiad.wmnet yes/1 in kartotherian-k8s-ssl, read back',
    );
    expect(await lab.etcdValue(objectPath('wikikube-worker1001', K8S))).toBe(
      '{"weight": 1, "pooled": "yes"}',
    );
    const undone = elukey.irc.waitFor(/^\S+ done in .* inactive\/0/, 30_000);
    await elukey.ask(`!undo ${id}`, /^elukey: \S+ needs no approval/);
    await undone;
    expect(await lab.etcdValue(objectPath('wikikube-worker1001', K8S))).toBe(
      '{"weight": 0, "pooled": "inactive"}',
    );
  });

  test('a DNS record too', async () => {
    const { id } = await elukey.request('!route depool kartotherian codfw');
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`), 30_000);
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} approved`));
    expect((await done).text).toContain('kartotherian leads to eqiad, clients have followed by');
    expect(await lab.etcdValue('/conftool/v1/discovery/kartotherian/codfw')).toBe(
      '{"pooled": false, "references": [], "ttl": 300}',
    );
  });
});
