import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Live, type LiveEvents, type Source } from '../desk/live';

class FakeSource implements Source {
  readyState = 1;
  readonly listeners = new Map<string, (event: { data?: string }) => void>();

  addEventListener(type: string, listener: (event: { data?: string }) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.readyState = 2;
  }

  fire(type: string, data = ''): void {
    this.listeners.get(type)?.({ data });
  }
}

function world(rev: () => number) {
  const opened: Array<{ url: string; source: FakeSource }> = [];
  const timers: Array<{ work: () => void; ms: number }> = [];
  const seen: string[] = [];
  const events: LiveEvents = {
    change: (change) => seen.push(`change ${change.rev}`),
    typing: () => seen.push('typing'),
    backlog: () => seen.push('backlog'),
    reset: () => seen.push('reset'),
    connected: (on) => seen.push(on ? 'on' : 'off'),
  };
  const live = new Live(events, rev, {
    open: (url) => {
      const source = new FakeSource();
      opened.push({ url, source });
      return source;
    },
    later: (work, ms) => timers.push({ work, ms }),
  });
  return { live, opened, timers, seen };
}

test('a line that ended for good is opened again from the last revision', () => {
  let rev = 7;
  const { live, opened, timers, seen } = world(() => rev);
  live.open();
  assert.equal(opened[0]?.url, '/api/stream?after=7');
  opened[0]?.source.fire('open');
  opened[0]?.source.fire('change', '{"rev":8}');
  rev = 8;
  const source = opened[0]?.source;
  assert.ok(source);
  source.readyState = 2;
  source.fire('error');
  timers[0]?.work();
  assert.equal(opened[1]?.url, '/api/stream?after=8');
  assert.deepEqual(seen, ['on', 'change 8', 'off']);
});

test('while the browser reconnects by itself no second line is opened', () => {
  const { live, opened, timers } = world(() => 0);
  live.open();
  const source = opened[0]?.source;
  assert.ok(source);
  source.readyState = 0;
  source.fire('error');
  assert.equal(timers.length, 0);
  assert.equal(opened.length, 1);
});

test('waits grow, and a connection makes them short again', () => {
  const { live, opened, timers } = world(() => 0);
  live.open();
  const fail = () => {
    const source = opened.at(-1)?.source;
    assert.ok(source);
    source.readyState = 2;
    source.fire('error');
    timers.at(-1)?.work();
    return timers.at(-1)?.ms;
  };
  assert.deepEqual([fail(), fail(), fail()], [1_000, 2_000, 4_000]);
  opened.at(-1)?.source.fire('open');
  assert.equal(fail(), 1_000);
});

test('a closed line stays closed and an old one is not heard', () => {
  const { live, opened, timers, seen } = world(() => 0);
  live.open();
  const source = opened[0]?.source;
  assert.ok(source);
  live.close();
  source.fire('change', '{"rev":1}');
  source.fire('error');
  for (const timer of timers) timer.work();
  assert.equal(opened.length, 1);
  assert.ok(!seen.includes('change 1'));
});
