import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { play } from '../stage/play.ts';
import { readTranscript, writeTranscript } from '../stage/transcript.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.chat'));
const UPDATE = process.env['UPDATE_TRANSCRIPTS'] === '1';

describe('what people say and what Sluice answers', () => {
  test('there are stories', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(35);
  });

  test.each(FILES.map((file) => [readTranscript(FOLDER + file).claim, file]))(
    '%s (%s)',
    async (_claim, file) => {
      const { claim, exchanges } = readTranscript(FOLDER + file);
      const played = await play(exchanges);
      if (UPDATE) writeTranscript(FOLDER + file, { claim, exchanges: played });
      else expect(played).toEqual(exchanges);
    },
  );
});
