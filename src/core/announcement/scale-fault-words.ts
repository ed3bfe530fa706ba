import type { ClusterFault, ScaleFault } from '../fault.ts';
import { elapsedText } from '../time.ts';
import type { FaultWords } from './fault-phrases.ts';
import { nearestText, shown, withoutStop } from './fault-phrases.ts';
import { amountText, obstacleText, rateText } from './scale-phrases.ts';

/** Words what a cluster answered in place of an answer. */
export function wordClusterFault(fault: ClusterFault): FaultWords {
  const { cluster } = fault;
  const rule = 'cluster';
  switch (fault.kind) {
    case 'cluster-unauthorized':
      return { rule, text: `${cluster} does not take our credentials: the token is wrong or over.` };
    case 'cluster-forbidden':
      return {
        rule,
        text: `Sluice may not ${fault.what} in ${cluster}: see docs/kubernetes and sluice doctor.`,
      };
    case 'cluster-absent':
      return { rule, text: `${cluster} has no ${fault.what}.` };
    case 'cluster-conflict':
      return { rule, text: `it is not as it was seen in ${cluster}.` };
    case 'cluster-invalid':
      return { rule, text: `${cluster} does not take that (HTTP ${String(fault.status)}).` };
    case 'cluster-busy':
      return { rule, text: `${cluster} is busy and wants us to wait ${elapsedText(fault.afterMs)}.` };
    case 'cluster-silent':
      return { rule, text: `${cluster} does not answer (${withoutStop(fault.cause)}).` };
    case 'cluster-unclear':
      return {
        rule,
        text: `${cluster} did not answer the write (${withoutStop(fault.cause)}): it may have been done.`,
      };
  }
}

/** Words what is the matter with a deployment's number. */
export function wordScaleFault(fault: ScaleFault): FaultWords {
  switch (fault.kind) {
    case 'deployment-unknown':
      return {
        rule: 'unknown deployment',
        text: fault.hasAny
          ? `no '${shown(fault.name)}' among the deployments of the configuration.${nearestText(fault.nearest, 'Nearest')}`
          : 'the configuration names no deployment: see kubernetes: in sluice.yaml.',
      };
    case 'cluster-unknown':
      return {
        rule: 'unknown cluster',
        text: `no cluster '${shown(fault.cluster)}'. Say dc=${fault.known.join(' or dc=')}.`,
      };
    case 'scale-range':
      return {
        rule: 'range',
        text: `${fault.deployment} in ${fault.cluster} would get ${String(fault.wanted)}, outside ${String(fault.min)}..${String(fault.max)} of the configuration.`,
      };
    case 'scale-autoscaled':
      return {
        rule: 'autoscaler',
        text: `${fault.autoscaler} sets the number of ${fault.deployment} in ${fault.cluster}, ${String(fault.min)}..${String(fault.max)}: any other is undone within seconds. Change its bounds instead.`,
      };
    case 'scale-cut': {
      const { before, after } = fault;
      const percent = amountText((100 * (before - after)) / before);
      return {
        rule: 'cut',
        text: `${fault.deployment} in ${fault.cluster} ${String(before)} -> ${String(after)} takes ${percent} % away, at most ${amountText(fault.mostPercent)} % may go at once. ${insteadText(fault)}`,
      };
    }
    case 'scale-below-peak':
      return {
        rule: 'peak',
        text: `${fault.deployment} in ${fault.cluster} was asked ${rateText(fault.peakRps)} at the peak of the last 24 h: x${String(fault.headroom)} at ${rateText(fault.rpsPerPod)} a pod wants ${String(fault.needs)} pods, not ${String(fault.after)}. ${insteadText(fault)}`,
      };
    case 'scale-moved': {
      const { deployment, cluster, now } = fault;
      const what = fault.isReplaced
        ? 'was deleted and made anew since'
        : `was shown as ${String(fault.shown)} and is now ${String(now)}${byText(fault.by)}`;
      return { rule: 'changed since', text: `${deployment} in ${cluster} ${what}.` };
    }
    case 'scale-overridden': {
      const { deployment, cluster, wanted, now } = fault;
      return {
        rule: 'overridden',
        text: `${deployment} in ${cluster} was set to ${String(wanted)}, and then to ${String(now)}${byText(fault.by)}.`,
      };
    }
    case 'scale-incomplete': {
      const { cluster, wanted, ready, afterMs, obstacle } = fault;
      return {
        rule: 'rollout',
        text: `${cluster}: ${String(ready)} of ${String(wanted)} ready after ${elapsedText(afterMs)}; ${obstacleText(obstacle)}.`,
      };
    }
    case 'scale-unknown':
      return {
        rule: 'no answer',
        text: `no answer from ${fault.cluster} (${withoutStop(fault.cause)}): ${fault.deployment} may be set to ${String(fault.wanted)} or not.`,
      };
  }
}

/** What to type instead. */
function insteadText({
  deployment,
  cluster,
  before,
  least,
}: Extract<ScaleFault, { kind: 'scale-cut' | 'scale-below-peak' }>): string {
  const line = `!scale ${deployment} ${String(least)} dc=${cluster}`;
  const instead = least < before ? `Say ${line}` : 'None fewer may go now';
  return `${instead}, or override=floor with break-glass="REASON".`;
}

function byText(manager: string | undefined): string {
  return manager === undefined ? '' : `, by ${shown(manager)}`;
}
