import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import type { Scope } from '../../../src/core/scope.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';
import { FakeConftool } from '../../stage/fake-conftool.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { deleteKey, putValue, startEtcd } from '../../lab/etcd.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir } from '../../lab/process.ts';
import { ensureConfctl } from '../../lab/confctl.ts';
import { claimConftool } from './contract.ts';
import { openConfctlDriver, openDriver } from './open-driver.ts';

// A write of confctl takes the time in which Python starts, and eight at once that of all of them.
jest.setTimeout(60_000);

describe('the conftool of the stage', () => {
  claimConftool(
    (scope) => {
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
    },
    { fence: 'index' },
  );
});

describe('the native driver on a real etcd', () => {
  claimOnEtcd('index', ({ etcd, namespace, scope }) => openDriver(etcd.url, { namespace, scope }));
});

describe('confctl as the driver on a real etcd', () => {
  let command = '';

  beforeAll(async () => {
    command = await ensureConfctl();
  }, 180_000);

  claimOnEtcd('look', ({ etcd, runDir, namespace, scope }) =>
    openConfctlDriver(etcd.url, { command, folder: runDir.folder(namespace) }, { namespace, scope }),
  );
});

/** One etcd for all claims. */
function claimOnEtcd(
  fence: 'index' | 'look',
  open: (options: {
    readonly etcd: LabEtcd;
    readonly runDir: RunDir;
    readonly namespace: string;
    readonly scope: Scope;
  }) => Conftool,
): void {
  const agent = new Agent({ keepAlive: true, noDelay: true });
  const opened: { close(): Promise<void> }[] = [];
  let runDir: RunDir;
  let etcd: LabEtcd;

  beforeAll(async () => {
    runDir = makeRunDir();
    etcd = await startEtcd(runDir);
  });

  afterAll(async () => {
    await Promise.all(opened.map((conftool) => conftool.close()));
    agent.destroy();
    await etcd.process.stop();
    runDir.remove();
  });

  claimConftool(
    (scope) => {
      // A namespace of its own is an empty store.
      const namespace = `/claim-${String(opened.length)}`;
      const conftool = open({ etcd, runDir, namespace, scope });
      opened.push(conftool);
      const url = (path: string): string => {
        const folder = /^(?:discovery|geodns)\//.test(path) ? '' : 'pools/';
        return `${etcd.url}/v2/keys${namespace}/v1/${folder}${path}`;
      };
      return Promise.resolve({
        conftool,
        set: (path, text) => putValue(url(path), text, agent),
        delete: (path) => deleteKey(url(path)),
      });
    },
    { fence },
  );
}
