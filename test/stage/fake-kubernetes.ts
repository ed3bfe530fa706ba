import type { BehindPort, ClusterNode } from '../../src/core/cluster-node.ts';
import type { ClusterFault, Fault } from '../../src/core/fault.ts';
import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';
import type {
  Autoscaler,
  DeploymentKey,
  DeploymentSeen,
  PodSeen,
  Quota,
  ScaleSeen,
} from '../../src/core/scale/deployment.ts';
import type { AccessSeen, Kubernetes } from '../../src/ports/kubernetes.ts';
import type { StageClock } from './stage-clock.ts';

/** As in production: what one pod asks for, and what the namespace may use of it. */
const CPU_PER_POD = 6.2;
const CPU_HARD = 550;
/** So many pods become ready in a second. */
const PODS_PER_SECOND = 10;

/** One cluster, as a story sets it up. */
interface Cluster {
  uid: string;
  version: number;
  generation: number;
  wanted: number;
  ready: number;
  manager: string | undefined;
  /** More pods than this are never made: the quota. */
  room: number;
  /** Pods beyond are made and do not become ready. */
  mostReady: number;
  autoscaler: Autoscaler | undefined;
  fault: ClusterFault | undefined;
  /** Of writes only. */
  writeFault: ClusterFault | undefined;
  /** So many looks at a rollout get no answer. */
  downLooks: number;
  /** What becomes of the answers to the next writes. */
  lost: ('applied' | 'not-applied' | 'applied-then-down')[];
  /** Writes that find another version first. */
  conflicts: number;
}

/** Two clusters with one deployment each, whose pods follow a number as time goes by. Not configured until a story turns it on. */
export class FakeKubernetes implements Kubernetes {
  readonly clusters = ['eqiad', 'codfw'];
  /** Told of each number that is set. */
  onWrite: (line: string) => void = () => undefined;
  /** Called at the start of the Nth look at a rollout. */
  onLook: (look: number) => void | Promise<void> = () => undefined;
  /** By full name. */
  readonly sickNodes = new Map<string, 'not-ready' | 'cordoned'>();
  private looks = 0;
  private readonly clock: StageClock;
  private readonly state = new Map<string, Cluster>();

  constructor(clock: StageClock) {
    this.clock = clock;
    for (const cluster of this.clusters)
      this.state.set(cluster, {
        uid: `uid-${cluster}`,
        version: 100,
        generation: 7,
        wanted: 65,
        ready: 65,
        manager: 'helm',
        room: Math.floor(CPU_HARD / CPU_PER_POD),
        mostReady: Infinity,
        autoscaler: undefined,
        fault: undefined,
        writeFault: undefined,
        downLooks: 0,
        lost: [],
        conflicts: 0,
      });
  }

  /** For a story to change. */
  of(cluster: string): Cluster {
    const found = this.state.get(cluster);
    if (found === undefined) throw new Error(`no cluster ${cluster}`);
    return found;
  }

  /** Somebody else sets the number. */
  set(cluster: string, replicas: number, manager: string): void {
    this.apply(this.of(cluster), replicas, manager);
  }

  deployment({ cluster }: DeploymentKey): Promise<Result<DeploymentSeen>> {
    const fault = this.of(cluster).fault;
    return Promise.resolve(fault === undefined ? ok(this.seen(cluster)) : fail(fault));
  }

  async scale(key: DeploymentKey): Promise<Result<ScaleSeen>> {
    const seen = await this.deployment(key);
    if (!seen.ok) return seen;
    const { uid, resourceVersion, wanted } = seen.value;
    return ok({ uid, resourceVersion, replicas: wanted });
  }

  async setScale(key: DeploymentKey, seen: ScaleSeen, replicas: number): Promise<Result<ScaleSeen>> {
    const cluster = this.of(key.cluster);
    const fault = cluster.fault ?? cluster.writeFault;
    if (fault !== undefined) return fail(fault);
    if (cluster.conflicts > 0) {
      cluster.conflicts -= 1;
      cluster.version += 1;
    }
    if (seen.uid !== cluster.uid || seen.resourceVersion !== String(cluster.version))
      return fail({ kind: 'cluster-conflict', cluster: key.cluster });
    const lost = cluster.lost.shift();
    if (lost !== 'not-applied') {
      const { namespace, deployment } = key;
      this.onWrite(
        `${key.cluster}/${namespace}/${deployment} ${String(cluster.wanted)} -> ${String(replicas)}`,
      );
      this.apply(cluster, replicas, 'sluice');
    }
    if (lost === 'applied-then-down')
      cluster.fault = { kind: 'cluster-silent', cluster: key.cluster, cause: 'connect ECONNREFUSED' };
    if (lost !== undefined)
      return fail({ kind: 'cluster-unclear', cluster: key.cluster, cause: 'socket hang up' });
    return this.scale(key);
  }

  autoscalers({ cluster }: DeploymentKey): Promise<Result<readonly Autoscaler[]>> {
    const { autoscaler, fault } = this.of(cluster);
    if (fault !== undefined) return Promise.resolve(fail<Fault>(fault));
    return Promise.resolve(ok(autoscaler === undefined ? [] : [autoscaler]));
  }

  quotas({ cluster }: DeploymentKey): Promise<Result<readonly Quota[]>> {
    const { fault, wanted, room } = this.of(cluster);
    if (fault !== undefined) return Promise.resolve(fail<Fault>(fault));
    const hard = { 'requests.cpu': CPU_HARD };
    const used = { 'requests.cpu': Math.min(wanted, room) * CPU_PER_POD };
    return Promise.resolve(ok([{ name: 'quota-compute-resources', hard, used }]));
  }

  pods({ cluster }: DeploymentKey): Promise<Result<readonly PodSeen[]>> {
    const { wanted, room, ready, mostReady, downLooks } = this.of(cluster);
    if (downLooks > 0)
      return Promise.resolve(fail<Fault>({ kind: 'cluster-silent', cluster, cause: 'ECONNREFUSED' }));
    const made = Math.min(wanted, room);
    const pods = Array.from({ length: made }, (_, index) => ({
      name: `kartotherian-main-${String(index)}`,
      ready: index < ready,
      unschedulable: undefined,
      waiting: index < mostReady ? undefined : 'CrashLoopBackOff',
      terminating: false,
    }));
    return Promise.resolve(ok(pods));
  }

  node(cluster: string, name: string): Promise<Result<ClusterNode | undefined>> {
    const { fault } = this.of(cluster);
    if (fault !== undefined) return Promise.resolve(fail<Fault>(fault));
    if (!name.startsWith('wikikube-worker')) return Promise.resolve(ok(undefined));
    const is = this.sickNodes.get(name);
    return Promise.resolve(ok({ name, ready: is !== 'not-ready', schedulable: is !== 'cordoned' }));
  }

  behindPort(cluster: string, namespace: string, port: number): Promise<Result<BehindPort | undefined>> {
    const { fault, ready } = this.of(cluster);
    if (fault !== undefined) return Promise.resolve(fail<Fault>(fault));
    return Promise.resolve(
      ok(namespace === 'kartotherian' && port === 6543 ? { service: 'main', readyPods: ready } : undefined),
    );
  }

  async follow(
    key: DeploymentKey,
    until: (seen: DeploymentSeen) => boolean,
    { withinMs }: { readonly withinMs: number },
  ): Promise<Result<DeploymentSeen | undefined>> {
    this.looks += 1;
    await this.onLook(this.looks);
    const cluster = this.of(key.cluster);
    if (cluster.fault !== undefined) {
      await this.clock.sleep(withinMs);
      return cluster.fault.kind === 'cluster-silent' ? ok(undefined) : fail(cluster.fault);
    }
    if (cluster.downLooks > 0) {
      cluster.downLooks -= 1;
      await this.clock.sleep(withinMs);
      return ok(undefined);
    }
    if (until(this.seen(key.cluster))) return ok(this.seen(key.cluster));
    await this.clock.sleep(withinMs);
    const most = Math.min(cluster.wanted, cluster.room, cluster.mostReady);
    cluster.ready = Math.min(most, cluster.ready + (PODS_PER_SECOND * withinMs) / 1000);
    return ok(this.seen(key.cluster));
  }

  access(): Promise<Result<readonly AccessSeen[]>> {
    return Promise.resolve(ok([]));
  }

  silent(): Promise<readonly { readonly cluster: string; readonly cause: string }[]> {
    return Promise.resolve([]);
  }

  close(): void {
    // Nothing is open.
  }

  private apply(cluster: Cluster, replicas: number, manager: string): void {
    cluster.wanted = replicas;
    cluster.ready = Math.min(cluster.ready, replicas);
    cluster.manager = manager;
    cluster.generation += 1;
    cluster.version += 1;
  }

  private seen(name: string): DeploymentSeen {
    const cluster = this.of(name);
    const { uid, version, generation, wanted, ready, room, manager } = cluster;
    const made = Math.min(wanted, room);
    return {
      uid,
      resourceVersion: String(version),
      wanted,
      generation,
      observedGeneration: generation,
      replicas: made,
      updated: made,
      ready,
      available: ready,
      replicaFailure: made < wanted ? 'pods is forbidden: exceeded quota' : undefined,
      scaledBy: manager === undefined ? undefined : { manager, at: undefined },
      perPod: { 'requests.cpu': CPU_PER_POD },
      selector: 'app=kartotherian',
    };
  }
}
