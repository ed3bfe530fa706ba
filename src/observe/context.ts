import type { Span } from '@opentelemetry/api';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Log } from './log.ts';

/** What is known about what goes on: the message that asked, the operation. Ids only, never what somebody said. */
type Fields = Record<string, string>;

let isExporting = false;

/** From now on what is done makes spans too. */
export function makeSpans(): void {
  isExporting = true;
}

/** A log whose every line names what it is about. */
class NamedLog implements Log {
  readonly fields: Fields;
  readonly log: Log;
  readonly span: Span | undefined;

  constructor(log: Log, fields: Fields, span: Span | undefined) {
    const isNamed = log instanceof NamedLog;
    this.log = isNamed ? log.log : log;
    this.fields = isNamed ? { ...log.fields, ...fields } : { ...fields };
    this.span = span;
  }

  debug(fields: object, message: string): void {
    this.log.debug({ ...this.fields, ...fields }, message);
  }
  info(fields: object, message: string): void {
    this.log.info({ ...this.fields, ...fields }, message);
  }
  warn(fields: object, message: string): void {
    this.log.warn({ ...this.fields, ...fields }, message);
  }
  error(fields: object, message: string): void {
    this.log.error({ ...this.fields, ...fields }, message);
  }
}

/**
 * Does something for a reason that every log line in it names. Where spans are exported it is one span, below that of what it is part of.
 *
 * @param parts what it is done with. It is handed on with the log that names the reason: by hand, since what Node would carry along by itself costs every promise something.
 * @param name what is done, the same for all of its kind: the name of the span.
 */
export function within<P extends { readonly log: Log }, T>(
  parts: P,
  name: string,
  fields: Fields,
  act: (parts: P) => Promise<T>,
): Promise<T> {
  const named = (span?: Span): P => ({ ...parts, log: new NamedLog(parts.log, fields, span) });
  if (!isExporting) return act(named());
  const attributes = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [`sluice.${key}`, value]),
  );
  return trace.getTracer('sluice').startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await act(named(span));
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** What became known meanwhile: an operation's id, once there is an operation. */
export function know({ log }: { readonly log: Log }, key: string, value: string): void {
  if (!(log instanceof NamedLog)) return;
  log.fields[key] = value;
  log.span?.setAttribute(`sluice.${key}`, value);
}
