import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { found, joined, type Line } from '../src/admin/lines.ts';
import { collect, shown } from '../src/console.ts';
import type { Link } from '../src/socket.ts';
import type { Logged } from '../src/wire.gen.ts';

const line = (id: string, more: Partial<Line> = {}): Line => ({
  id,
  at_ms: Number(id),
  level: 'info',
  text: `line ${id}`,
  dropped: 0,
  ...more,
});
const all = { level: 'debug', whom: '', words: '' };
const ids = (lines: Line[]): string => lines.map((one) => one.id).join(' ');

describe('lines that come', () => {
  test('a line that is told twice is there once, and all are in order', () => {
    const first = joined([], [line('2'), line('1')]);
    expect(ids(joined(first, [line('2'), line('3')]))).toBe('1 2 3');
    expect(joined(first, [line('1')])).toBe(first);
  });

  test('the same id in two experiments is two lines', () => {
    const both = [line('1', { experiment: 'a' }), line('1', { experiment: 'b' })];
    expect(joined([], both)).toHaveLength(2);
  });

  test('they are found by level, by whom they are about and by words', () => {
    const lines = [
      line('1', { level: 'warn', session: 'abc', experiment: 'x' }),
      line('2', { level: 'error', text: 'It Broke', about: { game: 'g77' } }),
      line('3'),
    ];
    expect(ids(found(lines, { ...all, level: 'warning' }))).toBe('1 2');
    expect(ids(found(lines, { ...all, whom: 'G7' }))).toBe('2');
    expect(ids(found(lines, { ...all, whom: 'bc' }))).toBe('1');
    expect(ids(found(lines, { ...all, words: 'broke it' }))).toBe('2');
  });
});

describe('what a console says', () => {
  test('is one string, whatever it was, and never too long', () => {
    const round: Record<string, unknown> = {};
    round['me'] = round;
    expect(shown(['a', 1, { b: [2] }, null, undefined, round])).toBe(
      'a 1 {"b":[2]} null undefined [object Object]',
    );
    expect(shown([new Error('no')])).toContain('Error: no');
    expect(shown(['x'.repeat(5_000)])).toHaveLength(1_000);
  });

  const sent: Logged[] = [];
  let online = true;
  const link = {
    tell: (_: string, said: Logged) => (online && sent.push(said), online),
  } as unknown as Link;
  const original = { ...console };

  beforeEach(() => {
    sent.length = 0;
    online = true;
    vi.useFakeTimers();
    vi.stubGlobal('window', {
      addEventListener: () => undefined,
      setInterval: (call: () => void, ms: number) => setInterval(call, ms),
    });
    for (const name of ['debug', 'log', 'info', 'warn', 'error'] as const)
      console[name] = () => undefined;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    Object.assign(console, original);
  });

  test('goes together once a second, the eleventh is counted, and lesser levels stay here', () => {
    collect(link, 'info');
    console.debug('not asked for');
    for (let n = 0; n < 13; n++) console.log(n);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.lines.map(([level, , text]) => `${level} ${text}`)).toEqual(
      Array.from({ length: 10 }, (_, n) => `info ${n}`),
    );
    expect(sent[0]?.dropped).toBe(3);
    vi.advanceTimersByTime(5_000);
    expect(sent).toHaveLength(1);
  });

  test('waits while there is no connection, and does not grow meanwhile', () => {
    collect(link, 'warn');
    online = false;
    for (let second = 0; second < 60; second++) {
      console.warn(second);
      vi.advanceTimersByTime(1_000);
    }
    online = true;
    vi.advanceTimersByTime(1_000);
    expect(sent).toHaveLength(1);
    expect([sent[0]?.lines.length, sent[0]?.dropped]).toEqual([10, 50]);
  });
});
