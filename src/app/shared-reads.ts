interface Flight {
  readonly current: Promise<unknown>;
  next: Promise<unknown> | undefined;
}

/**
 * Reads that many want at the same moment, made once. Whoever asks while one is under way gets the next one, which begins after they have asked: nobody is
 * answered by what is older than their question. What fails (a Result that is not `ok`), fails for everybody who waits.
 */
export class SharedReads {
  private readonly flights = new Map<string, Flight>();

  /** @param name the same for reads that answer the same. */
  read<T>(name: string, start: () => Promise<T>): Promise<T> {
    const flight = this.flights.get(name);
    if (flight === undefined) return this.begin(name, start);
    // Under one name there is one kind of answer.
    const current = flight.current as Promise<T>;
    flight.next ??= current.then(
      (ended) => {
        if (!isFailure(ended)) return this.begin(name, start);
        this.flights.delete(name);
        return ended;
      },
      (error: unknown) => {
        this.flights.delete(name);
        throw error;
      },
    );
    return flight.next as Promise<T>;
  }

  private begin<T>(name: string, start: () => Promise<T>): Promise<T> {
    const current = start();
    const flight: Flight = { current, next: undefined };
    this.flights.set(name, flight);
    const done = (): void => {
      if (flight.next === undefined) this.flights.delete(name);
    };
    current.then(done, done);
    return current;
  }
}

function isFailure(ended: unknown): boolean {
  return (ended as { readonly ok?: unknown } | undefined)?.ok === false;
}
