import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** One object as it is put into etcd: path below the namespace and version, and stored text. */
export interface SeedObject {
  readonly path: string;
  readonly text: string;
}

type Nodes = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>>>;
type Records = Readonly<Record<string, readonly string[]>>;

/**
 * The world of the lab before anybody touched it: bare metal and the kubernetes cluster pooled with weight 10, the workers of cluster maps
 * inactive as conftool-sync leaves them, every DNS record on.
 */
export function seedObjects(): readonly SeedObject[] {
  return [...nodeObjects('eqiad'), ...nodeObjects('codfw'), ...recordObjects()];
}

function nodeObjects(dc: string): readonly SeedObject[] {
  const clusters = (load(`node/${dc}.yaml`) as Nodes)[dc] ?? {};
  return Object.entries(clusters).flatMap(([cluster, hosts]) =>
    Object.entries(hosts).flatMap(([host, services]) =>
      services.map((service) => ({
        path: `pools/${dc}/${cluster}/${service}/${host}`,
        text:
          cluster === 'kubernetes' || host.startsWith('maps')
            ? '{"weight": 10, "pooled": "yes"}'
            : '{"weight": 0, "pooled": "inactive"}',
      })),
    ),
  );
}

function recordObjects(): readonly SeedObject[] {
  const records = (type: string, text: string): readonly SeedObject[] =>
    Object.entries(load(`${type}/services.yaml`) as Records).flatMap(([record, dcs]) =>
      dcs.map((dc) => ({ path: `${type}/${record}/${dc}`, text })),
    );
  return [
    ...records('discovery', '{"pooled": true, "references": [], "ttl": 300}'),
    ...records('geodns', '{"pooled": "yes", "weight": 100}'),
  ];
}

function load(file: string): unknown {
  return parse(readFileSync(fileURLToPath(new URL(`conftool-data/${file}`, import.meta.url)), 'utf8'));
}
