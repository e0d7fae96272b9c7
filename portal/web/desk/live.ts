// The live line: Server-Sent Events, resumed where they stopped. The browser reconnects by itself with Last-Event-ID; when
// it gives up (an answer that is no stream), this opens a new one after a while.
import type { Backlog, Change } from './model';

export interface LiveEvents {
  change(change: Change): void;
  typing(typing: { conversation: number; name: string; on: boolean }): void;
  backlog(backlog: Backlog): void;
  reset(): void;
  connected(on: boolean): void;
}

export interface Source {
  readyState: number;
  addEventListener(type: string, listener: (event: { data?: string }) => void): void;
  close(): void;
}

export interface Surroundings {
  open(url: string): Source;
  later(work: () => void, ms: number): void;
}

const closed = 2; // EventSource.CLOSED

export const browser: Surroundings = {
  open: (url) => new EventSource(url) as unknown as Source,
  later: (work, ms) => {
    setTimeout(work, ms);
  },
};

export class Live {
  private source: Source | undefined;
  private failures = 0;
  private stopped = false;

  constructor(
    private readonly events: LiveEvents,
    private readonly rev: () => number,
    private readonly around: Surroundings = browser,
  ) {}

  open(): void {
    this.source?.close();
    this.stopped = false;
    const source = this.around.open(`/api/stream?after=${this.rev()}`);
    this.source = source;
    const on = (type: string, take: (data: string) => void) =>
      source.addEventListener(type, (event) => {
        if (this.source === source) take(event.data ?? '');
      });
    on('open', () => {
      this.failures = 0;
      this.events.connected(true);
    });
    on('change', (data) => this.events.change(JSON.parse(data) as Change));
    on('typing', (data) => this.events.typing(JSON.parse(data)));
    on('backlog', (data) => this.events.backlog(JSON.parse(data) as Backlog));
    on('reset', () => this.events.reset());
    on('error', () => this.lost(source));
  }

  close(): void {
    this.stopped = true;
    this.source?.close();
    this.source = undefined;
  }

  private lost(source: Source): void {
    this.events.connected(false);
    if (source.readyState !== closed) return;
    this.failures += 1;
    const wait = Math.min(30_000, 1_000 * 2 ** Math.min(this.failures - 1, 5));
    this.around.later(() => {
      if (this.source === source && !this.stopped) this.open();
    }, wait);
  }
}
