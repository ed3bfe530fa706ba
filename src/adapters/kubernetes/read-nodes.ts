import { z } from 'zod';
import type { ClusterNode } from '../../core/cluster-node.ts';

const Node = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ unschedulable: z.boolean().default(false) }).default({ unschedulable: false }),
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});

const Services = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ ports: z.array(z.object({ nodePort: z.number().optional() })).default([]) }),
    }),
  ),
});

const Slices = z.object({
  items: z.array(
    z.object({
      endpoints: z
        .array(
          z.object({
            addresses: z.array(z.string()),
            conditions: z.object({ ready: z.boolean().nullish() }).default({}),
          }),
        )
        .nullish(),
    }),
  ),
});

/** A node. @throws ZodError for what is none. */
export function readNode(value: unknown): ClusterNode {
  const { metadata, spec, status } = Node.parse(value);
  const ready = status.conditions.some((one) => one.type === 'Ready' && one.status === 'True');
  return { name: metadata.name, ready, schedulable: !spec.unschedulable };
}

/** The service of a namespace that has this port on the nodes; undefined when none has. @throws ZodError. */
export function readServiceOfPort(value: unknown, port: number): string | undefined {
  return Services.parse(value).items.find(({ spec }) => spec.ports.some(({ nodePort }) => nodePort === port))
    ?.metadata.name;
}

/** How many endpoints take requests; one that two slices have, as they may for a moment, is one. @throws ZodError. */
export function readReadyEndpoints(value: unknown): number {
  const endpoints = Slices.parse(value).items.flatMap((slice) => slice.endpoints ?? []);
  // By the API, ready not said means ready.
  const ready = endpoints.filter(({ conditions }) => conditions.ready !== false);
  return new Set(ready.flatMap(({ addresses }) => addresses.slice(0, 1))).size;
}
