import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span } from '@opentelemetry/api';
import { SpanStatusCode, trace } from '@opentelemetry/api';

/** What is known about what goes on at the moment: the message that asked, the operation. Ids only, never what somebody said. */
type Fields = Record<string, string>;

const contexts = new AsyncLocalStorage<{ readonly fields: Fields; readonly span: Span | undefined }>();
let isExporting = false;

/** From now on what is done makes spans too. */
export function makeSpans(): void {
  isExporting = true;
}

/**
 * Does something for a reason that every log line in it names. Where spans are exported it is one span, below that of what it is part of.
 *
 * @param name what is done, the same for all of its kind: the name of the span.
 */
export function within<T>(name: string, fields: Fields, act: () => Promise<T>): Promise<T> {
  const known = { ...contexts.getStore()?.fields, ...fields };
  if (!isExporting) return contexts.run({ fields: known, span: undefined }, act);
  const attributes = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [`sluice.${key}`, value]),
  );
  return trace.getTracer('sluice').startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await contexts.run({ fields: known, span }, act);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** What became known meanwhile: an operation's id, once there is an operation. */
export function know(key: string, value: string): void {
  const context = contexts.getStore();
  if (context === undefined) return;
  context.fields[key] = value;
  context.span?.setAttribute(`sluice.${key}`, value);
}

/** For each log line. */
export function knownFields(): Readonly<Fields> {
  return contexts.getStore()?.fields ?? {};
}
