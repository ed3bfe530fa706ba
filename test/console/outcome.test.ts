import { describe, expect, test } from '@jest/globals';
import { EXIT, readOutcome, readTyped } from '../../src/console/outcome.ts';

const nothing = { user: 'elukey', operation: undefined, ends: false };
const about = { ...nothing, operation: 'k7f' };

describe('what an answer says of the command', () => {
  test.each([
    ['maps1005 yes/10 in kartotherian-ssl', 'done'],
    ['elukey: nothing to do: maps1005.eqiad.wmnet is yes/10 in kartotherian-ssl already.', 'done'],
    ["elukey: refused: unknown service: no 'kartotherian-sl' in conftool. Nothing was changed.", 'usage'],
    ['elukey: refused: usage: !pool HOSTS SERVICE. Nothing was changed.', 'usage'],
    ['elukey: refused: floor: eqiad would serve with 2 of 6. Nothing was changed.', 'refused'],
    ['elukey: refused: unknown account: the console user x is in no entry.', 'refused'],
    ['elukey: nothing was queued: the journal is away.', 'refused'],
  ] as const)('%s: %s', (line, outcome) => {
    expect(readOutcome({ line, answer: true }, nothing)).toEqual({ outcome, operation: undefined });
  });
});

describe('what a line about an operation says', () => {
  test.each([
    ['elukey: k7f waits for 1 approval (not yours): depool', 'waiting'],
    ['elukey: k7f needs no approval: depool maps1005. Starting.', 'open'],
    ['elukey: k7f BREAK-GLASS: depool maps1005. Starting.', 'open'],
  ] as const)('its own request: %s', (line, outcome) => {
    expect(readOutcome({ line, answer: false }, nothing)).toEqual({ outcome, operation: 'k7f' });
  });

  test.each([
    ['k7f approved by jijiki: depool maps1005. Starting.', 'open'],
    ['k7f approved by jijiki, 1 more approval needed: depool maps1005.', 'waiting'],
    ['k7f: jijiki took the approval back. It waits for 1 approval.', 'waiting'],
    ['k7f 1 of 2: maps1005.eqiad.wmnet no/10, read back 10:43:07 UTC.', 'open'],
    ['k7f done in 1.2 s: maps1005.eqiad.wmnet no/10', 'done'],
    ['k7f settled by jijiki: done.', 'done'],
    ['k7f stopping, said jijiki: at most the write in flight is finished', 'done'],
    ['k7f failed: written, not effective on lvs1019.', 'refused'],
    ['k7f conflict: maps1005.eqiad.wmnet was', 'refused'],
    ['k7f denied by jijiki. Nothing was changed.', 'refused'],
    ['k7f cancelled by jijiki. Nothing was changed.', 'refused'],
    ['k7f expired, nothing was changed.', 'refused'],
    ['k7f refused (forged): the plan was changed', 'refused'],
    ['k7f not done: maps1005.eqiad.wmnet', 'refused'],
    ['k7f held: floor: eqiad', 'waiting'],
    ['k7f UNKNOWN: maps1005.eqiad.wmnet', 'unknown'],
  ] as const)('%s: %s', (line, outcome) => {
    expect(readOutcome({ line, answer: false }, about)).toEqual({ outcome, operation: 'k7f' });
  });

  test.each([
    ['m3k done in 1.2 s: maps1006.eqiad.wmnet no/10', about],
    ['jijiki: m3k waits for 1 approval (not yours): depool', nothing],
    ['elukey (IRC): m3k waits for 1 approval (not yours): depool', nothing],
    ['k7f2 done in 1.2 s', about],
    ['FROZEN by akosiaris: looking', about],
  ])('%s: of something else', (line, typed) => {
    expect(readOutcome({ line, answer: false }, typed).outcome).toBe('other');
  });

  test('who ends an operation is done when it has ended', () => {
    const denied = { line: 'k7f denied by elukey. Nothing was changed.', answer: false };
    expect(readOutcome(denied, readTyped('!deny k7f', 'elukey')).outcome).toBe('done');
    expect(readOutcome(denied, readTyped('!approve k7f', 'elukey')).outcome).toBe('refused');
  });
});

test('the codes are those of the contract', () => {
  expect(EXIT).toEqual({ done: 0, refused: 1, usage: 2, unknown: 3, waiting: 4 });
});
