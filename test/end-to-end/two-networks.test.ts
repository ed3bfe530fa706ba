import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { LabSlack, SlackMessage } from '../lab/slack.ts';
import { slackIdOf } from '../lab/world-files.ts';
import type { Talker } from './conversation.ts';
import { logLines, objectPath, talker } from './conversation.ts';

const K8S = 'kartotherian-k8s-ssl';

describe('one operation on IRC and Slack, both real as far as they go', () => {
  let lab: Lab;
  let slack: LabSlack & { readonly channel: string };
  let elukey: Talker;
  let jijiki: Talker;
  let sluice: ReturnType<Lab['startSluice']>;

  beforeAll(async () => {
    lab = await startLab({ slack: true });
    if (lab.slack === undefined) throw new Error('no Slack');
    slack = lab.slack;
    sluice = lab.startSluice();
    [elukey, jijiki] = await Promise.all([talker(lab, 'elukey'), talker(lab, 'jijiki')]);
    await sluice.ready;
  });
  afterAll(() => lab.stop());

  const card = (id: string): Promise<SlackMessage> => slack.waitFor(slack.channel, new RegExp(`\\b${id}\\b`));
  const asks = async (name: string, text: string): Promise<string> => {
    const before = (await slack.messages(slack.channel)).length;
    await slack.say(slackIdOf(name), slack.channel, text);
    let id: string | undefined;
    await waitUntil('it is answered on Slack', async () => {
      const said = (await slack.messages(slack.channel)).slice(before).map((message) => message.text);
      id = said.flatMap((line) => /: (\S+) waits for/.exec(line)?.[1] ?? []).at(0);
      return id !== undefined;
    });
    return id ?? '';
  };
  const statusOf = async (id: string): Promise<string> => {
    const cards = (await slack.messages(slack.channel)).map(({ blocks }) => JSON.stringify(blocks ?? []));
    return cards.find((blocks) => blocks.includes(`${id} `)) ?? '';
  };

  test('asked on IRC, approved by a reaction on Slack', async () => {
    const { id } = await elukey.request(`!pool wikikube-worker1001 ${K8S} first worker - T378944`);
    const { ts, text } = await card(id);
    expect(text).toMatch(new RegExp(`^elukey \\(IRC\\): ${id} waits for 1 approval \\(not yours\\): pool `));
    const logged = elukey.irc.waitFor(new RegExp(`^!log .*\\[${id}\\]`));
    const approved = elukey.irc.waitFor(new RegExp(`^${id} approved`));
    await slack.react(slackIdOf('jijiki'), slack.channel, ts, 'white_check_mark');
    expect((await approved).text).toContain('approved by jijiki (Slack): ');
    expect((await logged).text).toContain('by elukey, ok jijiki');
    expect(await lab.etcdValue(objectPath('wikikube-worker1001', K8S))).toBe(
      '{"weight": 1, "pooled": "yes"}',
    );
    await waitUntil('the card says so', async () => (await statusOf(id)).includes('*done*'));
    expect(await statusOf(id)).toContain('"action_id":"undo"');
    await waitUntil('the thread says so', async () =>
      (await slack.messages(slack.channel)).some(
        (message) => message.thread_ts === ts && message.text.startsWith(`${id} done`),
      ),
    );
    expect(logLines(elukey, id)).toHaveLength(1);
  });

  test('asked on Slack, approved on IRC; the button of undo takes it back', async () => {
    const id = await asks('elukey', `!pool wikikube-worker1002 ${K8S} &amp; more`);
    const done = jijiki.irc.waitFor(new RegExp(`^${id} done`));
    const approved = await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} approved`));
    expect(approved.text).toContain('approved by jijiki: ');
    expect(jijiki.said().some((line) => line.startsWith(`elukey (Slack): ${id} waits`))).toBe(true);
    await done;
    await waitUntil('the card says so', async () => (await statusOf(id)).includes('*done*'));
    expect(await statusOf(id)).toContain('jijiki (IRC)');
    const { ts } = await card(id);
    const undone = jijiki.irc.waitFor(/^\S+ done .*inactive\/0/);
    const pressed = await slack.click(slackIdOf('elukey'), slack.channel, ts, { action: 'undo', value: id });
    expect(pressed.acked).toBe(true);
    await undone;
    expect(await lab.etcdValue(objectPath('wikikube-worker1002', K8S))).toBe(
      '{"weight": 0, "pooled": "inactive"}',
    );
  });

  test('the asker cannot approve from the other network, nor a stranger or a guest', async () => {
    const { id } = await elukey.request(`!pool wikikube-worker1003 ${K8S}`);
    const { ts } = await card(id);
    await slack.react(slackIdOf('elukey'), slack.channel, ts, 'white_check_mark');
    await slack.waitFor(slack.channel, /refused: own request/);
    const guest = await slack.addUser({ name: 'guest', is_restricted: true });
    await slack.click(guest, slack.channel, ts, { action: 'approve', value: id });
    await slack.waitFor(slack.channel, /refused: account: guest is no member here \(a guest\)/);
    const stranger = await slack.addUser({ name: 'mallory' });
    await slack.say(stranger, slack.channel, `!approve ${id}`);
    await slack.waitFor(slack.channel, /mallory: refused: unknown account/);
    await slack.say(slackIdOf('elukey'), slack.channel, `!cancel ${id}`);
    await elukey.irc.waitFor(new RegExp(`^${id} cancelled by elukey \\(Slack\\)`), undefined, { since: 0 });
  });

  test('two approvals in the same moment are one operation, and both views tell the same', async () => {
    const { id } = await elukey.request(`!pool wikikube-worker1004 ${K8S}`);
    const { ts } = await card(id);
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    jijiki.say(`!approve ${id}`);
    await slack.click(slackIdOf('akosiaris'), slack.channel, ts, { action: 'approve', value: id });
    await done;
    await waitUntil('the card says so', async () => (await statusOf(id)).includes('*done*'));
    expect(elukey.said().filter((line) => line.startsWith(`${id} done`))).toHaveLength(1);
    await elukey.irc.waitFor(new RegExp(`^!log .*\\[${id}\\]`), undefined, { since: 0 });
    expect(logLines(elukey, id)).toHaveLength(1);
  });

  test('the line that asked is edited: it never runs', async () => {
    const before = (await slack.messages(slack.channel)).length;
    const ts = await slack.say(slackIdOf('elukey'), slack.channel, `!pool wikikube-worker1005 ${K8S}`);
    let id = '';
    await waitUntil('it waits', async () => {
      const said = (await slack.messages(slack.channel)).slice(before).map(({ text }) => text);
      id = said.flatMap((line) => /: (\S+) waits for/.exec(line)?.[1] ?? [])[0] ?? '';
      return id !== '';
    });
    await slack.edit(slack.channel, ts, `!pool wikikube-worker1006 ${K8S}`);
    await elukey.irc.waitFor(new RegExp(`^${id} cancelled by elukey \\(Slack\\).* was edited`), undefined, {
      since: 0,
    });
  });

  test('Slack is away: IRC goes on, and Slack is told the end when it is back', async () => {
    await slack.fault('apps.connections.open', { status: 503, times: 4 });
    await slack.killSockets();
    const { id } = await elukey.request(`!pool wikikube-worker1007 ${K8S}`);
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} approved`));
    await done;
    await waitUntil('Slack is told', async () => (await statusOf(id)).includes('*done*'), 30_000);
  });

  test('killed between the answer to Slack and the first thought: the line is heard by the next one, once', async () => {
    await sluice.process.stop();
    sluice = lab.startSluice({ env: { SLUICE_FAULT_POINTS: 'after-take-in=kill' } });
    await sluice.ready;
    await slack.say(slackIdOf('elukey'), slack.channel, '!depool maps1005 kartotherian-ssl');
    await sluice.process.exited;
    // Slack has its acknowledgement, and will not say it again.
    await waitUntil('it was acknowledged', async () =>
      (await slack.state()).deliveries.slice(-1).every(({ acked }) => acked),
    );
    expect(await lab.etcdValue(objectPath('maps1005', 'kartotherian-ssl'))).toContain('"yes"');
    const since = elukey.irc.lines.length;
    sluice = lab.startSluice();
    const done = await elukey.irc.waitFor(/^\S+ done .*maps1005/, 25_000, { since });
    expect(await lab.etcdValue(objectPath('maps1005', 'kartotherian-ssl'))).toContain('"no"');
    const id = done.text.split(' ')[0] ?? '';
    await elukey.irc.waitFor(new RegExp(`^!log .*\\[${id}\\]`), undefined, { since });
    expect(logLines(elukey, id)).toHaveLength(1);
    expect(elukey.said().filter((line) => / done .*maps1005/.test(line))).toHaveLength(1);
  });
});
