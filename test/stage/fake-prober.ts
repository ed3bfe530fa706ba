import type { ProbeResult, ProbeTarget } from '../../src/core/probe.ts';
import type { Prober } from '../../src/ports/prober.ts';

/** Hosts answer as the story says: well, unless something is wrong with them. */
export class FakeProber implements Prober {
  /** By fully qualified name: what is wrong. */
  readonly wrong = new Map<string, string>();
  readonly asked: string[] = [];

  probe(targets: readonly ProbeTarget[]): Promise<readonly ProbeResult[]> {
    return Promise.resolve(
      targets.map((target) => {
        this.asked.push(`${target.key.host}:${String(target.port)}`);
        const wrong = this.wrong.get(target.key.host);
        return { target, ok: wrong === undefined, text: wrong ?? '200 in 12 ms' };
      }),
    );
  }
}
