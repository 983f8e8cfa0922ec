import { expect, test } from 'vitest';
import { batches, newId, stands, tally, type Command, type State } from '../src/admin/commands.ts';

const command = (id: string, state: State, more: Partial<Command> = {}): Command => ({
  id,
  experiment: 'kitchen',
  what: 'message',
  state,
  by: 'ann',
  made_ms: 0,
  at_ms: 0,
  session: id,
  game: '',
  seat: '',
  text: '',
  number: 0,
  why: '',
  hint: '',
  read_ms: 0,
  batch: '',
  ...more,
});

test('what was asked for at once is one line that counts how far each is', () => {
  const all = [
    command('c', 'pending'),
    command('a', 'done', { batch: 'x' }),
    command('b', 'acknowledged', { batch: 'x' }),
    command('d', 'acknowledged', { batch: 'x' }),
  ];
  const found = batches(all);
  expect(found.map((one) => [one.id, one.all.length])).toEqual([
    ['c', 1],
    ['x', 3],
  ]);
  expect(tally(found[1]?.all ?? [])).toBe('1 read, 2 on their screen');
});

test('a state is said so that nobody has to know the table', () => {
  expect(stands(command('a', 'pending'))).toBe('waits for their page');
  expect(stands(command('a', 'pending', { what: 'pause', game: 'g' }))).toBe(
    'waits for the worker',
  );
  expect(stands(command('a', 'expired'))).toBe('expired');
});

test('no two commands have the same name, and the server takes it', () => {
  const ids = new Set(Array.from({ length: 200 }, newId));
  expect(ids.size).toBe(200);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});
