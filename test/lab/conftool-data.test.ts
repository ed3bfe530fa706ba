import { expect, test } from '@jest/globals';
import { seedObjects } from './conftool-data.ts';

test('the lab starts with bare metal and the kubernetes cluster pooled, and the workers of cluster maps not yet', () => {
  const counts = new Map<string, number>();
  for (const { path, text } of seedObjects()) {
    const [type = '', , cluster = '', service = '', host = ''] = path.split('/');
    const kind = cluster === 'maps' ? `${service} ${host.replace(/\d.*/, '')}` : cluster;
    const sort = type === 'pools' ? `${kind}: ${text}` : `${type}: ${text}`;
    counts.set(sort, (counts.get(sort) ?? 0) + 1);
  }
  expect(Object.fromEntries(counts)).toEqual({
    'kubernetes: {"weight": 10, "pooled": "yes"}': 251 + 223 + 6,
    'kartotherian maps: {"weight": 10, "pooled": "yes"}': 12,
    'kartotherian-ssl maps: {"weight": 10, "pooled": "yes"}': 12,
    'kartotherian-k8s-ssl maps: {"weight": 10, "pooled": "yes"}': 12,
    'kartotherian wikikube-worker: {"weight": 0, "pooled": "inactive"}': 145 + 123,
    'kartotherian-k8s-ssl wikikube-worker: {"weight": 0, "pooled": "inactive"}': 145 + 123,
    'discovery: {"pooled": true, "references": [], "ttl": 300}': 6,
    'geodns: {"pooled": "yes", "weight": 100}': 14,
  });
});
