import { z } from 'zod';
import type { Autoscaler, DeploymentSeen, PodSeen, Quota, ScaleSeen } from '../../core/scale/deployment.ts';
import { parseQuantity } from '../../core/scale/quantity.ts';

const Meta = z.object({ uid: z.string(), resourceVersion: z.string() });
const Quantities = z.record(z.string(), z.union([z.string(), z.number()]));
const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
});
const Container = z.object({
  resources: z.object({ requests: Quantities.optional(), limits: Quantities.optional() }).optional(),
});

/** A number that is left out is 0: a Scale at 0 has an empty spec. */
const Count = z.number().optional().default(0);

const Deployment = z.object({
  metadata: Meta.extend({
    generation: z.number(),
    managedFields: z
      .array(
        z.object({
          manager: z.string().optional(),
          time: z.string().optional(),
          fieldsV1: z.unknown(),
        }),
      )
      .optional(),
  }),
  spec: z.object({
    replicas: Count,
    selector: z.object({ matchLabels: z.record(z.string(), z.string()).optional() }),
    template: z.object({ spec: z.object({ containers: z.array(Container) }) }),
  }),
  status: z.object({
    observedGeneration: Count,
    replicas: Count,
    updatedReplicas: Count,
    readyReplicas: Count,
    availableReplicas: Count,
    conditions: z.array(Condition).optional(),
  }),
});

const Scale = z.object({ metadata: Meta, spec: z.object({ replicas: Count }).optional() });

const Autoscalers = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({
        minReplicas: z.number().optional(),
        maxReplicas: z.number(),
        scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
      }),
    }),
  ),
});

const Quotas = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ hard: Quantities.optional(), used: Quantities.optional() }).optional(),
    }),
  ),
});

const Pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      status: z.object({
        conditions: z.array(Condition).optional(),
        containerStatuses: z
          .array(
            z.object({
              state: z.object({ waiting: z.object({ reason: z.string().optional() }).optional() }).optional(),
            }),
          )
          .optional(),
      }),
    }),
  ),
});

const Review = z.object({ status: z.object({ allowed: z.boolean() }) });

const WatchEvent = z.object({ type: z.string(), object: z.unknown() });
const Failure = z.object({ code: z.number().optional() });

/** Of each container state, what holds it up before it has run, and what only means that it is about to. */
const STARTING = new Set(['ContainerCreating', 'PodInitializing']);

/** A deployment. @throws ZodError for what is none. */
export function readDeployment(value: unknown): DeploymentSeen {
  const { metadata, spec, status } = Deployment.parse(value);
  const failure = status.conditions?.find(
    (condition) => condition.type === 'ReplicaFailure' && condition.status === 'True',
  );
  const owner = metadata.managedFields
    ?.filter(({ fieldsV1 }) => ownsReplicas(fieldsV1))
    .sort((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))[0];
  const at = owner?.time === undefined ? undefined : Date.parse(owner.time);
  return {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    wanted: spec.replicas,
    generation: metadata.generation,
    observedGeneration: status.observedGeneration,
    replicas: status.replicas,
    updated: status.updatedReplicas,
    ready: status.readyReplicas,
    available: status.availableReplicas,
    replicaFailure: failure === undefined ? undefined : (failure.message ?? failure.reason ?? 'unknown'),
    scaledBy: owner?.manager === undefined ? undefined : { manager: owner.manager, at },
    perPod: perPodOf(spec.template.spec.containers),
    selector: Object.entries(spec.selector.matchLabels ?? {})
      .map(([name, wanted]) => `${name}=${wanted}`)
      .join(','),
  };
}

/** A Scale. @throws ZodError. */
export function readScale(value: unknown): ScaleSeen {
  const { metadata, spec } = Scale.parse(value);
  return { ...metadata, replicas: spec?.replicas ?? 0 };
}

/** Autoscalers of this deployment among all of the namespace. @throws ZodError. */
export function readAutoscalers(value: unknown, deployment: string): readonly Autoscaler[] {
  return Autoscalers.parse(value)
    .items.filter(
      ({ spec: { scaleTargetRef } }) =>
        scaleTargetRef.kind === 'Deployment' && scaleTargetRef.name === deployment,
    )
    .map(({ metadata, spec }) => ({
      name: metadata.name,
      min: spec.minReplicas ?? 1,
      max: spec.maxReplicas,
    }));
}

/** Quotas of a namespace. @throws ZodError. */
export function readQuotas(value: unknown): readonly Quota[] {
  return Quotas.parse(value).items.map(({ metadata, status }) => ({
    name: metadata.name,
    hard: numbersOf(status?.hard),
    used: numbersOf(status?.used),
  }));
}

/** Pods. @throws ZodError. */
export function readPods(value: unknown): readonly PodSeen[] {
  return Pods.parse(value).items.map(({ metadata, status }) => {
    const condition = (type: string) => status.conditions?.find((one) => one.type === type);
    const scheduled = condition('PodScheduled');
    const waiting = status.containerStatuses
      ?.flatMap(({ state }) => state?.waiting?.reason ?? [])
      .find((reason) => !STARTING.has(reason));
    return {
      name: metadata.name,
      ready: condition('Ready')?.status === 'True',
      unschedulable:
        scheduled?.status === 'False' && scheduled.reason === 'Unschedulable'
          ? (scheduled.message ?? 'no node')
          : undefined,
      waiting,
      terminating: metadata.deletionTimestamp !== undefined,
    };
  });
}

/** The answer to a SelfSubjectAccessReview. @throws ZodError. */
export function readReview(value: unknown): boolean {
  return Review.parse(value).status.allowed;
}

/** One line of a watch: a deployment, or that the version is forgotten and everything must be read anew. @throws ZodError. */
export function readWatchEvent(value: unknown): DeploymentSeen | 'forgotten' | 'gone' | undefined {
  const { type, object } = WatchEvent.parse(value);
  if (type === 'ERROR') return Failure.safeParse(object).data?.code === 410 ? 'forgotten' : undefined;
  if (type === 'DELETED') return 'gone';
  return type === 'ADDED' || type === 'MODIFIED' ? readDeployment(object) : undefined;
}

function ownsReplicas(fields: unknown): boolean {
  return (
    JSON.stringify(fields ?? {}).includes('"f:replicas":{}') && JSON.stringify(fields).includes('"f:spec"')
  );
}

function numbersOf(
  quantities: Readonly<Record<string, string | number>> | undefined,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(quantities ?? {}).map(([name, text]) => [name, parseQuantity(String(text))]),
  );
}

function perPodOf(containers: readonly z.output<typeof Container>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { resources } of containers)
    for (const kind of ['requests', 'limits'] as const)
      for (const [name, value] of Object.entries(numbersOf(resources?.[kind]))) {
        const key = `${kind}.${name}`;
        sums[key] = (sums[key] ?? 0) + value;
      }
  return sums;
}
