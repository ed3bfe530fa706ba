import type { LogLine } from '../core/attribution.ts';
import type { Inbound } from '../ports/chat.ts';

/** Lines that are remembered: a busy day of the log. */
const MOST = 1000;

/** Lines of the Server Admin Log that were said in the channel since this process began: whose a change was that is not ours. */
export class HeardLog {
  private readonly heard: LogLine[] = [];

  note(event: Inbound): void {
    if (event.kind !== 'text' || event.channel === undefined || !/^!log\s/.test(event.text)) return;
    this.heard.push({ by: event.actor.display, text: event.text.replace(/^!log\s+/, ''), at: event.at });
    if (this.heard.length > MOST) this.heard.shift();
  }

  lines(): readonly LogLine[] {
    return [...this.heard];
  }
}
