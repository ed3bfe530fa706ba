import { shortenToBytes } from '../byte-text.ts';
import { foldHosts } from '../hosts.ts';
import type { PlanNote } from '../node-plan.ts';
import type { Obstacle } from '../scale/rollout.ts';
import type { ScaleView } from '../scale/plan.ts';
import type { AnswerAnnouncement } from './announcement.ts';
import type { Detail } from './fit.ts';
import { shortHost, shown, withoutStop } from './fault-phrases.ts';

const GIBI = 2 ** 30;

/** `6.2`, `4`. */
export function amountText(amount: number): string {
  return String(Number(amount.toFixed(1)));
}

/** `487.5 rps`. */
export function rateText(rps: number): string {
  return `${amountText(rps)} rps`;
}

/** Cores are counted, bytes are told in GiB. */
function resourceText(resource: string, amount: number): string {
  return /memory|storage/.test(resource) ? `${amountText(amount / GIBI)} GiB` : amountText(amount);
}

/** Why pods do not follow: `quota requests.cpu: needs 6.2, 4.4 left`. */
export function obstacleText(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'quota': {
      const { resource, needs, left } = obstacle;
      return `quota ${resource}: needs ${resourceText(resource, needs)}, ${resourceText(resource, left)} left`;
    }
    case 'refused':
      return `pods are refused: ${shortenToBytes(shown(obstacle.message), 100)}`;
    case 'no-room':
      return `no room on any node for ${String(obstacle.pods)}: ${shortenToBytes(shown(obstacle.message), 80)}`;
    case 'not-starting':
      return `${String(obstacle.pods)} do not start: ${shown(obstacle.reason)}`;
    case 'not-ready':
      return `${String(obstacle.pods)} run and are not ready`;
    case 'not-gone':
      return `${String(obstacle.pods)} that are to go are still there`;
    case 'silent':
      return 'the cluster does not answer now';
    case 'unknown':
      return 'the cluster says no reason';
  }
}

/** What a plan means in one cluster, beside the number itself; the cluster is named where there are several. */
export function scaleEffectsText(views: readonly ScaleView[], detail: Detail): string {
  return views
    .map((view) => {
      const text = scaleEffectText(view, detail);
      return views.length === 1 ? text : `${view.cluster}: ${text}`;
    })
    .join('; ');
}

function scaleEffectText(view: ScaleView, detail: Detail): string {
  const others = view.others.map((other) => {
    if (view.rpsPerPod === undefined) return `${other.cluster} has ${String(other.ready)} ready`;
    const alone = `${other.cluster} alone could carry ${rateText(other.ready * view.rpsPerPod)}`;
    if (other.peakRps === undefined) return alone;
    const verdict = other.ready * view.rpsPerPod < other.peakRps ? ': NOT ENOUGH' : '';
    return `${alone}, both had ${rateText(other.peakRps)} at peak${verdict}`;
  });
  return [roomText(view), capacityText(view), ...others, ownerText(view, detail)]
    .filter((text) => text !== '')
    .join(', ');
}

/** What quotas let in; pods that would be missing are named loudly: nothing refuses them, they just never come. */
function roomText({ before, after, ready, headroom }: ScaleView): string {
  const now = ready === before ? '' : `${String(ready)} of ${String(before)} ready now`;
  if (headroom === undefined || after <= before) return now;
  const { pods, resource, perPod, left } = headroom;
  const room = `quota has room for ${String(pods)} more`;
  const missing = after - Math.max(before, ready) - pods;
  const why = ` (${resource}: ${resourceText(resource, perPod)} each, ${resourceText(resource, left)} left)`;
  const text = missing > 0 ? `${room}${why}: ${String(missing)} WILL NOT START` : room;
  return now === '' ? text : `${now}, ${text}`;
}

function capacityText({ before, after, rpsPerPod, load }: ScaleView): string {
  const parts = [];
  if (rpsPerPod !== undefined)
    parts.push(`capacity ${amountText(before * rpsPerPod)} -> ${rateText(after * rpsPerPod)}`);
  if (load !== undefined)
    parts.push(`asked ${amountText(load.rps)} now, ${rateText(load.peakRps)} at the peak of 24 h`);
  return parts.join(', ');
}

function ownerText({ declared, scaledBy, after }: ScaleView, detail: Detail): string {
  if (declared === undefined)
    return scaledBy === undefined || detail > 0 ? '' : `last set by ${shown(scaledBy)}`;
  const { file, key, replicas } = declared;
  if (replicas === after) return `as ${key} of ${file} declares`;
  const says = replicas === undefined ? 'cannot be read' : `says ${String(replicas)}`;
  if (detail > 1) return `helmfile ${says}`;
  return `helmfile owns it (${key} in ${file} ${says}): its next upgrade puts that back`;
}

/** `kartotherian in eqiad: 65 of 65 ready, DRIFT: resources.replicas in values.yaml says 60`. */
export function deploymentText({
  name,
  cluster,
  now,
  cause,
  declared,
}: Extract<AnswerAnnouncement, { kind: 'deployment-status' }>): string {
  if (now === undefined) return `${name} in ${cluster}: not known: ${cause ?? 'no answer'}`;
  const { wanted, ready, scaledBy, autoscaler, room } = now;
  const drift =
    declared === undefined || declared.replicas === wanted
      ? ''
      : declared.replicas === undefined
        ? `${declared.key} of ${declared.file} cannot be read`
        : `DRIFT: ${declared.key} in ${declared.file} says ${String(declared.replicas)}, the next helmfile upgrade puts that back`;
  return [
    `${name} in ${cluster}: ${String(ready)} of ${String(wanted)} ready`,
    room === undefined ? '' : `quota has room for ${String(room)} more`,
    autoscaler === undefined ? '' : `autoscaler ${String(autoscaler.min)}..${String(autoscaler.max)}`,
    scaledBy === undefined ? '' : `last set by ${shown(scaledBy)}`,
    drift,
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** `wikikube-worker1001 Ready and schedulable (workers set the share), 65 ready pods of kartotherian behind port 6543 in eqiad (pods set the capacity)`. */
export function clusterNodesText(note: ClusterNodesNote, detail: Detail): string {
  const { cluster, deployment, port, good, readyPods, cause } = note;
  if (cause !== undefined) return `the nodes of ${cluster} could not be asked: ${withoutStop(cause)}`;
  const [share, capacity] =
    detail === 0 ? [' (workers set the share)', ' (pods set the capacity)'] : ['', ''];
  const ready = good.length === 0 ? [] : [`${foldHosts(good.map(shortHost))} Ready and schedulable${share}`];
  const pods =
    readyPods === undefined || readyPods === 0
      ? []
      : [
          `${String(readyPods)} ready pods of ${deployment} behind port ${String(port)} in ${cluster}${capacity}`,
        ];
  return [clusterWarningText(note), ...ready, ...pods].filter((text) => text !== '').join(', ');
}

/** What of it somebody must know: `wikikube-worker1001 NOT READY, NO ready pods ...`; empty when all is well. */
export function clusterWarningText({
  cluster,
  deployment,
  port,
  bad,
  readyPods,
  cause,
}: ClusterNodesNote): string {
  if (cause !== undefined) return `the nodes of ${cluster} could not be asked`;
  const kinds = [...new Set(bad.map(({ why }) => why))].map((why) => {
    const hosts = bad.filter((one) => one.why === why).map(({ host }) => shortHost(host));
    return `${foldHosts(hosts)} ${BAD_NODES[why]}`;
  });
  const where = `port ${String(port)} in ${cluster}`;
  if (readyPods === undefined) kinds.push(`NO SERVICE of ${deployment} has ${where}`);
  if (readyPods === 0) kinds.push(`NO READY POD behind ${where}`);
  return kinds.join(', ');
}

type ClusterNodesNote = Extract<PlanNote, { kind: 'cluster-nodes' }>;

const BAD_NODES = {
  'not ready': 'NOT READY',
  cordoned: 'cordoned',
  'no node': 'no node of the cluster',
  'not looked at': 'not looked at',
} as const;
