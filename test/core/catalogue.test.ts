import { describe, expect, test } from '@jest/globals';
import type { Catalogue } from '../../src/core/catalogue.ts';
import {
  clustersOfTag,
  parseCatalogue,
  serviceFacts,
  serviceTags,
  tagOfCatalogueName,
} from '../../src/core/catalogue.ts';

function lvs(service: string, threshold?: unknown): object {
  return {
    class: 'low-traffic',
    conftool: { cluster: 'kubernetes', service },
    ...(threshold === undefined ? {} : { depool_threshold: threshold }),
  };
}

function read(services: object): Catalogue {
  const parsed = parseCatalogue({ 'service::catalog': services, 'profile::other': 1 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.fault));
  return parsed.value;
}

const catalogue = read({
  tegola: {
    description: 'tiles',
    encryption: true,
    ip: { eqiad: { default: '10.2.2.60' } },
    lvs: lvs('kubesvc', 0.3),
    page: false,
    port: 4105,
    probes: [{ type: 'http', path: '/capabilities' }],
    sites: ['codfw', 'eqiad'],
    state: 'lvs_setup',
    discovery: [{ dnsdisc: 'tegola', active_active: true }],
  },
  thumbor: { lvs: lvs('kubesvc', '.5'), state: 'production' },
  fresh: { lvs: lvs('fresh'), state: 'service_setup' },
  fresher: { lvs: lvs('fresh'), state: 'lvs_setup' },
  ingress: { port: 30443, state: 'production' },
});

describe('parseCatalogue', () => {
  test('keeps what Sluice uses and passes over the rest', () => {
    expect(catalogue.entries[0]).toEqual({
      name: 'tegola',
      description: 'tiles',
      port: 4105,
      encryption: true,
      state: 'lvs_setup',
      sites: ['codfw', 'eqiad'],
      conftool: { cluster: 'kubernetes', service: 'kubesvc' },
      depoolThreshold: 0.3,
      discovery: [{ dnsdisc: 'tegola', activeActive: true }],
      scheduler: 'wrr',
      probes: [{ type: 'http', host: undefined, path: '/capabilities', timeoutMs: undefined, statuses: [] }],
    });
  });

  test('takes a threshold that is written as a quoted text', () => {
    expect(catalogue.entries[1]?.depoolThreshold).toBe(0.5);
  });

  test.each([
    ['a file without the catalogue', {}, 'service::catalog'],
    [
      'a threshold that is no share',
      { 'service::catalog': { a: { lvs: lvs('a', 50) } } },
      'service::catalog.a.lvs.depool_threshold',
    ],
    [
      'a conftool reference without service',
      { 'service::catalog': { a: { lvs: { conftool: { cluster: 'maps' } } } } },
      'service::catalog.a.lvs.conftool.service',
    ],
  ])('names %s', (_what, value, path) => {
    expect(parseCatalogue(value)).toMatchObject({ ok: false, fault: [{ path }] });
  });
});

describe('serviceFacts', () => {
  test('takes the largest threshold, and production if one entry behind the tag is', () => {
    expect(serviceFacts(catalogue, 'kubesvc')).toEqual({
      tag: 'kubesvc',
      known: true,
      entries: ['tegola', 'thumbor'],
      threshold: 0.5,
      state: 'production',
    });
  });

  test('takes the state of the entry that came farthest when none is in production', () => {
    expect(serviceFacts(catalogue, 'fresh').state).toBe('lvs_setup');
  });

  test('counts an unknown tag as production with the usual threshold', () => {
    expect(serviceFacts(catalogue, 'elsewhere')).toEqual({
      tag: 'elsewhere',
      known: false,
      entries: [],
      threshold: 0.5,
      state: 'production',
    });
  });
});

describe('names and tags', () => {
  test('a catalogue name leads to its tag and to all that stand behind it', () => {
    expect(tagOfCatalogueName(catalogue, 'thumbor')).toEqual({
      tag: 'kubesvc',
      entries: ['tegola', 'thumbor'],
    });
  });

  test('a name without objects in conftool has no tag', () => {
    expect(tagOfCatalogueName(catalogue, 'ingress')).toBeUndefined();
    expect(tagOfCatalogueName(catalogue, 'kubesvc')).toBeUndefined();
  });

  test('every tag is listed once, with its clusters', () => {
    expect(serviceTags(catalogue)).toEqual(['kubesvc', 'fresh']);
    expect(clustersOfTag(catalogue, 'kubesvc')).toEqual(['kubernetes']);
    expect(clustersOfTag(catalogue, 'elsewhere')).toEqual([]);
  });
});
