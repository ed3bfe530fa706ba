import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { readThrown } from '../../core/thrown.ts';
import { logName } from './files.ts';

/** A log of its own for each process of a state directory: two that wrote one file would break its chain. */
export interface AuditSlot {
  /** From 1; the first is `audit.log`. */
  readonly number: number;
  readonly file: string;
  readonly release: () => Promise<void>;
}

/** More processes than this on one state directory are a mistake. */
const MOST = 16;

/**
 * Takes the first log of the directory that no living process writes. The kernel holds the claim, by a name that ends with the process however it ends, so a
 * process that is only stopped keeps its log.
 *
 * @throws when all are taken.
 */
export async function claimAuditSlot(stateDir: string): Promise<AuditSlot> {
  const place = createHash('sha256').update(realpathSync(stateDir)).digest('hex');
  for (let number = 1; number <= MOST; number++) {
    const server = await claim(`\0sluice-audit-${place}-${String(number)}`);
    if (server === undefined) continue;
    const release = (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    return { number, file: join(stateDir, logName(number)), release };
  }
  throw new Error(`${String(MOST)} processes write to ${stateDir} already`);
}

/** A name without a file, which only one process of this host can listen to. */
function claim(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new Error(`the audit log cannot be claimed: ${readThrown(error).message}`));
    });
    server.listen(name, () => {
      resolve(server);
    });
  });
}
