import { connectIrc } from '../../lab/irc-client.ts';
import type { SluiceProcess } from '../../lab/sluice-process.ts';
import type { World } from '../world.ts';

/** A start: milliseconds until it is ready, and of those the ones that the IRC server takes to let anybody in. */
export interface Start {
  readonly readyMs: number;
  readonly registrationMs: number;
  readonly sluice: SluiceProcess;
}

/** Starts Sluice, and beside it a bare client that logs in. */
export async function startOnce({ lab }: World): Promise<Start> {
  const since = performance.now();
  const sluice = lab.startSluice();
  await sluice.ready;
  const readyMs = performance.now() - since;
  const before = performance.now();
  const client = await connectIrc({ port: lab.irc.port, nick: 'tick', account: 'logmsgbot' });
  const registrationMs = performance.now() - before;
  await client.quit();
  return { readyMs, registrationMs, sluice };
}
