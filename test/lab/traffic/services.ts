import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Catalogue } from '../../../src/core/catalogue.ts';
import { parseCatalogue } from '../../../src/core/catalogue.ts';
import { seedObjects } from '../conftool-data.ts';

/** A service of the catalogue whose hosts the lab really has. */
export interface LabService {
  /** Of the catalogue. */
  readonly name: string;
  readonly cluster: string;
  /** The conftool tag. */
  readonly service: string;
  /** The real port, and the one on which the lab's hosts listen for it. */
  readonly port: number;
  readonly backendPort: number;
  readonly tls: boolean;
  readonly threshold: number;
  readonly check: { readonly name: string; readonly path: string };
}

/** Low ports are for root, so every one is moved up. */
const PORT_OFFSET = 20_000;
const CLUSTER = 'maps';

/** puppet's catalogue as the lab has it. */
export function labCatalogue(): Catalogue {
  const file = fileURLToPath(new URL('../conftool-data/service.yaml', import.meta.url));
  const parsed = parseCatalogue(parse(readFileSync(file, 'utf8')));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault));
  return parsed.value;
}

/** The services of cluster maps: the only ones with hosts and traffic here. */
export function labServices(): readonly LabService[] {
  return labCatalogue().entries.flatMap(({ name, conftool, port, encryption, depoolThreshold, probes }) => {
    const [probe] = probes;
    if (conftool?.cluster !== CLUSTER || port === undefined || probe === undefined) return [];
    return [
      {
        name,
        ...conftool,
        port,
        backendPort: port + PORT_OFFSET,
        tls: encryption,
        threshold: depoolThreshold,
        check: {
          name: probe.host ?? `${name}.discovery.wmnet`,
          path: probe.type === 'swagger' ? '/?spec' : probe.path,
        },
      },
    ];
  });
}

/** Hosts of cluster maps in a data centre, fully qualified. */
export function labHosts(dc: string): readonly string[] {
  const paths = seedObjects().map(({ path }) => path.split('/'));
  const own = paths.filter(
    ([type, place, cluster]) => type === 'pools' && place === dc && cluster === CLUSTER,
  );
  return [...new Set(own.map(([, , , , host]) => host ?? ''))];
}
