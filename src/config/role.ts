/** What a process does: all of it, or hear and speak (gateway), or write (worker). */
export type Role = 'both' | 'gateway' | 'worker';

/** The role that was typed after `--role`; undefined when there is no such role. */
export function parseRole(text: string | undefined): Role | undefined {
  if (text === undefined) return 'both';
  return text === 'gateway' || text === 'worker' ? text : undefined;
}

/** Sections whose secrets a role is not to hold: who speaks cannot write, and who writes cannot speak. */
const WITHHELD: Readonly<Record<Role, readonly string[]>> = {
  both: [],
  gateway: ['conftool.credentials'],
  worker: ['irc.account', 'slack'],
};

/** Whether a role does without the secrets of that section. */
export function isWithheld(role: Role, at: string): boolean {
  return WITHHELD[role].includes(at);
}
