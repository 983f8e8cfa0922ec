import { expect, test } from 'vitest';
import { quantile, tiers, type Process } from '../src/admin/tiers.ts';

const one = (name: string, role: string, more: Partial<Process> = {}): Process => ({
  name,
  role,
  node: 'n',
  state: 'ready',
  bound: false,
  holds: 0,
  busy: null,
  memory: null,
  load: null,
  ...more,
});

test('processes stand by tier, in the order of a request, with what a tier has together', () => {
  const all = [
    one('d', 'director', { memory: 5e6 }),
    one('w1', 'web', { holds: 3, busy: 0.25 }),
    one('w2', 'web', { holds: 4, busy: 0.5, memory: 6e7 }),
    one('x', 'other'),
  ];
  const made = tiers(all);
  expect(made.map((tier) => tier.label)).toEqual(['Web workers', 'Directors', 'other']);
  expect(made[0]).toMatchObject({ holds: '7 sockets', busy: 0.75, memory: 6e7 });
  expect(made[1]).toMatchObject({ holds: '', busy: null });
});

test('a quantile is the end of its step', () => {
  expect(quantile([1, 10], [0, 0, 0], 0.99)).toBe(null);
  expect(quantile([1, 10], [99, 1, 0], 0.99)).toBe(1);
  expect(quantile([1, 10], [0, 0, 3], 0.5)).toBe(20);
});
