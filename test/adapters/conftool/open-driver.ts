import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openConfctlConftool } from '../../../src/adapters/conftool/by-confctl.ts';
import type { NativeConftoolOptions } from '../../../src/adapters/conftool/native.ts';
import { openNativeConftool } from '../../../src/adapters/conftool/native.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';

const SCHEMA = fileURLToPath(new URL('../../lab/conftool-data/schema.yaml', import.meta.url));

/** Which program to run as confctl, and where its files are put. */
interface ConfctlFiles {
  readonly command: string;
  readonly folder: string;
  /** Lines to add to its `config.yaml`; what stands there twice has its last value. */
  readonly config?: string;
  /** The etcd that it is told of, when that is another. */
  readonly etcd?: string;
}

/** The native driver as `sluice.yaml` would have it, with the bounds of a test. Close it. */
export function openDriver(url: string, options: Partial<NativeConftoolOptions> = {}): Conftool {
  return openNativeConftool(optionsOf(url, { writeTimeoutMs: 1000, ...options }));
}

/** The driver that is confctl, with its files in `folder`, and with time for a Python that starts slowly. Close it. */
export function openConfctlDriver(
  url: string,
  { command, folder, config = '', etcd = url }: ConfctlFiles,
  options: Partial<NativeConftoolOptions> = {},
): Conftool {
  const { hostname, port } = new URL(etcd);
  const [etcdrc, configFile] = [join(folder, 'etcdrc'), join(folder, 'config.yaml')];
  writeFileSync(etcdrc, `host: ${hostname}\nport: ${port}\nprotocol: http\n`);
  const namespace = options.namespace ?? '/conftool';
  writeFileSync(
    configFile,
    `namespace: ${namespace}\ndriver_options: {etcd_config_file: ${etcdrc}}\n${config}`,
  );
  return openConfctlConftool({
    ...optionsOf(url, options),
    confctl: { command, configFile, schemaFile: SCHEMA },
  });
}

function optionsOf(url: string, options: Partial<NativeConftoolOptions>): NativeConftoolOptions {
  return {
    endpoints: [url],
    namespace: '/conftool',
    apiVersion: 'v1',
    credentials: undefined,
    ca: undefined,
    scope: [{ cluster: 'maps' }],
    readTimeoutMs: 1000,
    writeTimeoutMs: 20_000,
    eventTimeoutMs: 200,
    now: () => Date.now(),
    ...options,
  };
}
