import type { Fault } from '../fault.ts';
import { foldHosts } from '../hosts.ts';
import { nodePath, stateText } from '../node.ts';
import { durationText, elapsedText, minuteText } from '../time.ts';
import { shortenToBytes } from '../byte-text.ts';
import { networkName } from '../network-name.ts';
import type { FaultWords } from './fault-phrases.ts';
import { nearestText, shortHost, shown, withoutStop } from './fault-phrases.ts';
import { countText, percentText, stateOrAbsent } from './phrases.ts';
import { wordClusterFault, wordScaleFault } from './scale-fault-words.ts';

/** Words every fault, in one place. */
export function wordFault(fault: Fault): FaultWords {
  switch (fault.kind) {
    case 'duration-invalid':
      return { rule: 'time', text: `'${shown(fault.text)}' is no time span: say 30s, 15m, 2h or 3d.` };
    case 'quote-open':
      return { rule: 'quotes', text: `a ${fault.quote} is opened and not closed.` };
    case 'character-refused':
      return {
        rule: 'character',
        text: `'${shown(fault.text)}' has the character ${fault.codePoint}, which no name has. Type it by hand.`,
      };
    case 'range-invalid':
      return { rule: 'range', text: `'${shown(fault.text)}': ${fault.why}. Say maps[1005-1007,1009].` };
    case 'hosts-too-many':
      return {
        rule: 'hosts',
        text: `${String(fault.count)} hosts in one line, ${String(fault.most)} at most.`,
      };
    case 'command-unknown':
      return {
        rule: 'command',
        text: `there is no !${shown(fault.name)}.${nearestText(
          fault.nearest.map((name) => `!${name}`),
          'Nearest',
        )} Say !help.`,
      };
    case 'argument-missing':
      return { rule: 'usage', text: `${fault.argument} is missing. Say ${fault.usage}.` };
    case 'argument-invalid':
      return {
        rule: 'usage',
        text: `${fault.argument} '${shown(fault.text)}': ${withoutStop(fault.why)}. Say ${fault.usage}.`,
      };
    case 'option-unknown':
      return {
        rule: 'option',
        text: `${shown(fault.option)}= is no option of this command.${nearestText(
          fault.nearest.map((name) => `${name}=`),
          'Nearest',
        )} Say ${fault.usage}, or put it in quotes if it belongs to the reason.`,
      };
    case 'option-twice':
      return { rule: 'option', text: `${shown(fault.option)}= is given twice. Say ${fault.usage}.` };
    case 'text-unexpected':
      return { rule: 'usage', text: `'${shown(fault.text)}' does not belong there. Say ${fault.usage}.` };
    case 'service-unknown':
      return {
        rule: 'unknown service',
        text: `no '${shown(fault.service)}' in conftool.${nearestText(fault.nearest, 'Nearest')}`,
      };
    case 'service-tag-differs':
      return {
        rule: 'service',
        text: `'${shown(fault.service)}' is the conftool service '${fault.tag}', and ${fault.alsoBehind.join(', ')} stand behind it: a change there is a change for all of them. Say ${fault.tag} if you mean that.`,
      };
    case 'host-unknown':
      return {
        rule: 'unknown host',
        text: `no '${shown(fault.host)}' in ${fault.service}.${nearestText(fault.nearest, 'Nearest')}`,
      };
    case 'host-ambiguous':
      return {
        rule: 'ambiguous host',
        text: `'${shown(fault.host)}' in ${fault.service} is ${fault.candidates.join(' or ')}. Add dc= or cluster=.`,
      };
    case 'record-unknown':
      return {
        rule: 'unknown record',
        text: `no '${shown(fault.record)}' among the DNS records.${nearestText(fault.nearest, 'Nearest')}`,
      };
    case 'record-wants-switch':
      return {
        rule: 'active/passive',
        text: `${fault.record} leads to one data centre at a time: say !route switch ${fault.record} to=${fault.dcs.join(' or to=')}.`,
      };
    case 'nothing-to-repool':
      return {
        rule: 'repool',
        text: `no !depool ${shown(fault.host)} all that Sluice remembers has left anything to put back. See !why ${shown(fault.host)}.`,
      };
    case 'one-host-only':
      return {
        rule: 'all',
        text: `${String(fault.count)} hosts with all their services in one line: one host at a time.`,
      };
    case 'nobody-called':
      return {
        rule: 'unknown person',
        text: `nobody is called '${shown(fault.person)}' there.${nearestText(fault.nearest, 'Nearest')}`,
      };
    case 'subject-unknown':
      return {
        rule: 'unknown name',
        text: `'${shown(fault.subject)}' is no service and no host.${nearestText(fault.nearest, 'Nearest')}`,
      };
    case 'operation-unknown':
      return {
        rule: 'unknown operation',
        text: `no ${shown(fault.id)}.${nearestText(fault.nearest, 'Nearest')} Say !ops.`,
      };
    case 'person-unknown':
      return fault.account === undefined
        ? {
            rule: 'not identified',
            text: `${fault.nick} is not logged in to services, and a nick is nobody. Say /msg NickServ IDENTIFY ACCOUNT PASSWORD, then again.`,
          }
        : {
            rule: 'unknown account',
            text: `the ${fault.transport === 'irc' ? 'account' : `${networkName(fault.transport)} user`} ${fault.account} is in no entry of people.yaml. Ask an admin to add it.`,
          };
    case 'account-refused':
      return { rule: 'account', text: `${shown(fault.nick)} is no member here (${withoutStop(fault.why)}).` };
    case 'group-unread':
      return {
        rule: 'role',
        text: `the user group of ${fault.role} could not be read (${withoutStop(fault.cause)}): without it nobody has that role.`,
      };
    case 'console-approval':
      return {
        rule: 'console',
        text: `the rule of ${fault.id} has no approvals by console (console: true): approve it in the channel.`,
      };
    case 'same-network':
      return {
        rule: 'networks',
        text: `${fault.id} was asked on ${networkName(fault.network)}: its rule wants the approval from another network.`,
      };
    case 'suspended':
      return {
        rule: 'suspended',
        text: `${fault.person} is suspended by ${fault.by}: ${withoutStop(fault.reason)}. An admin lifts it.`,
      };
    case 'role-missing':
      return {
        rule: 'role',
        text: fault.need.includes('any')
          ? `${fault.person} has no role. Ask an admin to give you one in people.yaml.`
          : `${fault.person} needs the role ${fault.need.join(' or ')}.`,
      };
    case 'networks-missing':
      return {
        rule: 'networks',
        text: `asker and approver must be on ${String(fault.need)} different networks, and this Sluice is on ${String(fault.have)}.`,
      };
    case 'no-rule':
      return {
        rule: 'policy',
        text: `no rule fits ${fault.command} of ${countText(fault.hosts, 'host')} in ${fault.service} (state ${fault.state}).`,
      };
    case 'break-glass-refused':
      return {
        rule: 'break-glass',
        text: `rule ${String(fault.number)} of the policy has none for ${fault.command}. Ask for an approval.`,
      };
    case 'break-glass-spent':
      return {
        rule: 'break-glass',
        text: `${fault.person} has used it ${fault.times === 2 ? 'twice' : `${String(fault.times)} times`} within the hour. Ask for an approval.`,
      };
    case 'pace-refused':
      return {
        rule: 'pace',
        text: `rule ${String(fault.number)} of the policy does not allow pace=none for ${fault.command}.`,
      };
    case 'limit-person':
      return {
        rule: 'limit',
        text: `${fault.person} asked for ${countText(fault.writes, 'change')} within ${durationText(fault.perMs)}, at most ${String(fault.most)} may be. Wait, or ask a colleague.`,
      };
    case 'limit-waiting':
      return {
        rule: 'limit',
        text: `${countText(fault.waiting, 'request')} of ${fault.person} ${fault.waiting === 1 ? 'waits' : 'wait'} already, at most ${String(fault.most)} may. See !ops.`,
      };
    case 'limit-everybody':
      return {
        rule: 'limit',
        text: `${countText(fault.objects, 'object')} would be changed within ${durationText(fault.perMs)}, at most ${String(fault.most)} may be (limits in policy.yaml).`,
      };
    case 'locked':
      return {
        rule: 'locked',
        text: `${fault.service} by ${fault.by} since ${minuteText(fault.at)}${fault.until === undefined ? '' : ` until ${minuteText(fault.until)}`}: ${shortenToBytes(fault.reason, 80)}. !unlock ${fault.service} REASON lifts it.`,
      };
    case 'own-request':
      return {
        rule: 'own request',
        text: `${fault.id} still waits for ${countText(fault.missing, 'approval')}, from someone else.`,
      };
    case 'already-approved':
      return {
        rule: 'already approved',
        text: `one person counts once; ${fault.id} still waits for ${countText(fault.missing, 'approval')}.`,
      };
    case 'own-review':
      return { rule: 'own request', text: `${fault.id} was yours: somebody else must look at it.` };
    case 'not-locked':
      return {
        rule: 'unlock',
        text: `${shown(fault.service)} is not locked.${nearestText(fault.locked, 'Locked')}`,
      };
    case 'not-approved-by-you':
      return { rule: 'nothing to withdraw', text: `${fault.id} has no approval of yours.` };
    case 'asker-only':
      return {
        rule: 'not yours',
        text: `!${fault.command} ${fault.id} is for ${fault.asker}, who asked for it; say !deny ${fault.id} or !stop ${fault.id}.`,
      };
    case 'approvals-missing':
      return {
        rule: 'approvals',
        text: `${fault.id} has ${String(fault.have)} of the ${String(fault.need)} that the policy asks for now.`,
      };
    case 'forged':
      return {
        rule: 'forged',
        text: `${fault.what} in ${fault.id}. Production is frozen; look at audit.log and at who can write to Redis.`,
      };
    case 'floor':
      return {
        rule: 'floor',
        text: `${fault.dc} would serve with ${String(fault.serving)} of ${String(fault.total)}, floor ${String(fault.floor)}.${downText(fault.now, fault.down)}`,
      };
    case 'balancer-silent':
      return {
        rule: 'load balancer',
        text: `${fault.balancers.map(({ balancer, cause }) => `${balancer}: ${withoutStop(cause)}`).join('; ')}. What serves ${fault.service} in ${fault.dc} is not known, so nothing is taken away.`,
      };
    case 'down-on-balancer':
      return {
        rule: 'load balancer',
        text: `${fault.key.host} is down on ${fault.balancers.join(', ')} in ${fault.key.service}: it would not serve.`,
      };
    case 'probe-failed':
      return { rule: 'probe', text: `${failuresText(fault.failures)}.` };
    case 'not-taken-up':
      return {
        rule: 'take-up',
        text: `written, not effective on ${fault.balancers.join(', ')} after ${elapsedText(fault.afterMs)}: ${fault.key.host} ${stateText(fault.to)}.`,
      };
    case 'cluster-unauthorized':
    case 'cluster-forbidden':
    case 'cluster-absent':
    case 'cluster-conflict':
    case 'cluster-invalid':
    case 'cluster-busy':
    case 'cluster-silent':
    case 'cluster-unclear':
      return wordClusterFault(fault);
    case 'deployment-unknown':
    case 'cluster-unknown':
    case 'scale-range':
    case 'scale-autoscaled':
    case 'scale-cut':
    case 'scale-below-peak':
    case 'scale-moved':
    case 'scale-overridden':
    case 'scale-incomplete':
    case 'scale-unknown':
      return wordScaleFault(fault);
    case 'metrics-silent':
      return { rule: 'metrics', text: `no metrics for ${fault.dc} (${withoutStop(fault.cause)}).` };
    case 'last-host':
      return {
        rule: 'last host',
        text: `${fault.host} is the last pooled host of ${fault.service} in ${fault.dc}.`,
      };
    case 'last-data-centre':
      return {
        rule: 'last data centre',
        text: `${fault.dc} is the last that ${fault.record} leads to.`,
      };
    case 'receiver-below-floor':
      return {
        rule: 'receiving side',
        text: `${fault.service} in ${fault.dc} serves with ${String(fault.serving)} of ${String(fault.total)}, floor ${String(fault.floor)}: ${fault.record} may not lead there more than now.`,
      };
    case 'share-removed':
      return {
        rule: 'share',
        text: `${percentText(fault.percent / 100)} of the serving weight of ${fault.service} in ${fault.dc} would be gone within 30 minutes (${percentText(fault.earlierPercent / 100)} already is), at most ${percentText(fault.most / 100)} may.`,
      };
    case 'weight-zero':
      return {
        rule: 'weight',
        text: `${fault.key.host} would be pooled with weight 0, which load balancers take for 1. Say weight=1.`,
      };
    case 'weight-range':
      return {
        rule: 'weight',
        text: `${fault.key.host} would get the weight ${String(fault.weight)}, which is no whole number up to 65535.`,
      };
    case 'step-illegal':
      return {
        rule: 'step',
        text: `${fault.key.host} cannot go from ${stateText(fault.from)} to ${stateText(fault.to)} in one write.`,
      };
    case 'outside-scope':
      return {
        rule: 'scope',
        text: `${fault.at.dc}/${fault.at.cluster}/${fault.at.service} is outside what this Sluice may write (${fault.scope}).`,
      };
    case 'object-malformed':
      return {
        rule: 'malformed',
        text: `${nodePath(fault.key)} holds ${shortenToBytes(shown(fault.text), 60)}: ${withoutStop(fault.why)}. Mend it by confctl.`,
      };
    case 'in-flight':
      return {
        rule: 'in flight',
        text: `${fault.operation} (${fault.state}) is changing ${fault.key.host} in ${fault.key.service}. See !show ${fault.operation}.`,
      };
    case 'log-down':
      return {
        rule: 'log',
        text: `the Server Admin Log cannot be reached since ${minuteText(fault.since)}: nothing new is taken away until it can. !undo and hosts that are down still go.`,
      };
    case 'frozen':
      return {
        rule: 'frozen',
        text: `by ${fault.by} since ${minuteText(fault.at)}: ${shortenToBytes(fault.reason, 80)}. !thaw REASON lifts it.`,
      };
    case 'stop-file':
      return { rule: 'STOP file', text: `the file STOP is in the state directory. Remove it, then go on.` };
    case 'not-undoable':
      return {
        rule: 'undo',
        text: `${fault.id} (${fault.state}) cannot be put back: ${withoutStop(fault.why)}.`,
      };
    case 'changed-since':
      return {
        rule: 'changed since',
        text: `${fault.key.host} was shown as ${stateText(fault.shown)} at index ${String(fault.shownIndex)} and is now ${stateOrAbsent(fault.now)}${fault.nowIndex === undefined ? '' : ` at index ${String(fault.nowIndex)}`}: somebody else changed it.`,
      };
    case 'not-waiting':
      return { rule: 'too late', text: `!${fault.command} ${fault.id}: it is ${fault.state}.` };
    case 'expired':
      return { rule: 'expired', text: `${fault.id} expired at ${minuteText(fault.at)}. Ask again.` };
    case 'plan-differs':
      return { rule: 'plan', text: `${fault.id} is not the plan that was shown. Ask again.` };
    case 'interrupted':
      return {
        rule: 'interrupted',
        text: `Sluice was away for ${elapsedText(fault.forMs)} in the middle of ${fault.id}.`,
      };
    case 'stopped':
      return { rule: 'stopped', text: `stopped by ${fault.by}.` };
    case 'shutting-down':
      return { rule: 'shutdown', text: `Sluice was told to end.` };
    case 'conftool-unreachable':
      return { rule: 'etcd', text: `no connection to etcd (${fault.endpoints.join(', ')}).` };
    case 'conftool-no-quorum':
      return { rule: 'etcd', text: `etcd is up but has no quorum: it answers nothing that can be trusted.` };
    case 'conftool-read-only':
      return {
        rule: 'etcd',
        text: `${fault.endpoint} is the read-only side: writes go to the active data centre.`,
      };
    case 'conftool-forbidden':
      return { rule: 'etcd', text: `the user ${fault.user} may not write ${fault.path}.` };
    case 'conftool-no-v2':
      return { rule: 'etcd', text: `${fault.endpoint} has no v2 API: start it with --enable-v2=true.` };
    case 'conftool-unexpected':
      return {
        rule: 'etcd',
        text: `an answer that makes no sense (${String(fault.status)}: ${shortenToBytes(shown(fault.text), 80)}).`,
      };
    case 'object-absent':
      return { rule: 'absent', text: `${nodePath(fault.key)} is not in conftool.` };
    case 'compare-failed':
      return {
        rule: 'changed since',
        text: `${fault.key.host} is at index ${String(fault.foundIndex)}, not ${String(fault.expectedIndex)}: somebody else changed it.`,
      };
    case 'write-unknown':
      return {
        rule: 'no answer',
        text: `no answer from etcd for ${elapsedText(fault.forMs)}, ${fault.tries === 1 ? '1 try' : `${String(fault.tries)} tries`}: ${fault.key.host} in ${fault.key.service} may be changed or not.`,
      };
    case 'read-back-differs':
      return {
        rule: 'read back',
        text: `${fault.key.host} was written as ${stateText(fault.wanted)} and reads ${stateOrAbsent(fault.found)}.`,
      };
    case 'store-unreachable':
      return { rule: 'Redis', text: `no connection to Redis.` };
    case 'store-refuses':
      return {
        rule: 'Redis',
        text: `Redis refuses to store (${shortenToBytes(shown(fault.cause), 60)}).`,
      };
    case 'transition-refused':
      return { rule: 'journal', text: `${fault.id} is ${fault.state}: ${withoutStop(fault.why)}.` };
    case 'brakes-moved':
      return { rule: 'journal', text: `a brake was put on or taken off while ${fault.id} was looked at.` };
    case 'schema-unknown':
      return {
        rule: 'journal',
        text: `${fault.id} was written by another version (schema ${fault.schema}).`,
      };
    case 'audit-failed':
      return {
        rule: 'audit log',
        text: `audit.log cannot be written (${shortenToBytes(shown(fault.cause), 60)}).`,
      };
    case 'chat-down':
      return { rule: 'chat', text: `${fault.transport} is down.` };
    case 'chat-refused':
      return { rule: 'chat', text: `${fault.transport} refused a line to ${fault.channel}.` };
  }
}

/** What counts for nothing, when that is why. */
function downText(now: number, down: readonly string[]): string {
  if (down.length === 0) return '';
  return ` Effective now: ${String(now)}; pooled but down: ${foldHosts(down.map(shortHost))}.`;
}

/** Hosts that fail in the same way are named together. */
function failuresText(
  failures: readonly { readonly host: string; readonly service: string; readonly text: string }[],
): string {
  const kinds = [...new Set(failures.map(({ service, text }) => `${service}: ${text}`))];
  const shownKinds = kinds.slice(0, 3).map((kind) => {
    const hosts = failures
      .filter((one) => `${one.service}: ${one.text}` === kind)
      .map(({ host }) => shortHost(host));
    return `${foldHosts([...new Set(hosts)])} does not serve ${withoutStop(kind)}`;
  });
  const more = kinds.length - shownKinds.length;
  return `${shownKinds.join('; ')}${more === 0 ? '' : `; ${String(more)} more`}`;
}
