import { Agent } from 'node:http';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { FakeConftool } from '../../stage/fake-conftool.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { deleteKey, putValue, startEtcd } from '../../lab/etcd.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir } from '../../lab/process.ts';
import { claimConftool } from './contract.ts';
import { openDriver } from './open-driver.ts';

describe('the conftool of the stage', () => {
  claimConftool((scope) => {
    const conftool = new FakeConftool(scope);
    return Promise.resolve({
      conftool,
      set: (path, text) => {
        conftool.set(path, text);
        return Promise.resolve();
      },
      delete: (path) => {
        conftool.delete(path);
        return Promise.resolve();
      },
    });
  });
});

describe('the native driver on a real etcd', () => {
  const agent = new Agent({ keepAlive: true, noDelay: true });
  const opened: { close(): Promise<void> }[] = [];
  let runDir: RunDir;
  let etcd: LabEtcd;

  beforeAll(async () => {
    runDir = makeRunDir();
    etcd = await startEtcd(runDir);
  }, 20_000);

  afterAll(async () => {
    await Promise.all(opened.map((conftool) => conftool.close()));
    agent.destroy();
    await etcd.process.stop();
    runDir.remove();
  });

  claimConftool((scope) => {
    // A namespace of its own is an empty store.
    const namespace = `/claim-${String(opened.length)}`;
    const conftool = openDriver(etcd.url, { namespace, scope });
    opened.push(conftool);
    const url = (path: string): string => `${etcd.url}/v2/keys${namespace}/v1/pools/${path}`;
    return Promise.resolve({
      conftool,
      set: (path, text) => putValue(url(path), text, agent),
      delete: (path) => deleteKey(url(path)),
    });
  });
});
