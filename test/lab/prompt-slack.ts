import { setTimeout as sleep } from 'node:timers/promises';
import { readSlackText } from '../../src/adapters/slack/text.ts';
import type { PromptWorld } from './prompt-world.ts';
import type { SlackMessage } from './slack.ts';
import { slackIdOf } from './world-files.ts';

/** Talk gets no answer. */
const ANSWER_MS = 3000;
const LOOK_EVERY_MS = 100;

/** A person of the lab says something on Slack; what Sluice answers there is told. */
export async function sayOnSlack(text: string, person: string, { lab, tell }: PromptWorld): Promise<void> {
  const { slack } = lab;
  if (slack === undefined || text === '') {
    tell('Say /slack TEXT.');
    return;
  }
  const before = (await slack.messages(slack.channel)).length;
  await slack.say(slackIdOf(person), slack.channel, text);
  const answers = async (): Promise<readonly SlackMessage[]> =>
    (await slack.messages(slack.channel)).slice(before + 1);
  for (let waited = 0; waited < ANSWER_MS && (await answers()).length === 0; waited += LOOK_EVERY_MS)
    await sleep(LOOK_EVERY_MS);
  // An answer may have several lines.
  await sleep(LOOK_EVERY_MS);
  for (const { text: line } of await answers()) tell(`[Slack] <sluice> ${readSlackText(line)}`);
}

/** A person of the lab presses a button of the card that shows the operation. */
export async function pressOnSlack(
  {
    action,
    id,
    person,
  }: { readonly action: string | undefined; readonly id: string | undefined; readonly person: string },
  { lab, view, tell }: PromptWorld,
): Promise<void> {
  const { slack } = lab;
  const value = id ?? view.newestOperation();
  const messages = (await slack?.messages(slack.channel)) ?? [];
  const card = messages.find(({ blocks }) => JSON.stringify(blocks ?? []).includes(`${value ?? '?'} `));
  if (slack === undefined || action === undefined || value === undefined || card === undefined) {
    tell('Say /press approve|deny|cancel|undo [ID], for an operation with a card on Slack.');
    return;
  }
  view.expectAnswer();
  const pressed = await slack.click(slackIdOf(person), slack.channel, card.ts, { action, value });
  if (!pressed.acked) tell('Slack was not answered: is Sluice there?');
}
