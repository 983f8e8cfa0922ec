import { expect, test } from 'vitest';
import { itemTimes } from '../src/screens/itemTimes.ts';

test('the first look and the first and the last change of a question are kept', () => {
  let now = 10;
  const times = itemTimes({}, () => now);
  times.shown('age');
  now = 20;
  times.shown('age');
  times.changed('age');
  now = 30;
  times.changed('age');
  times.changed('typed before it was seen');
  expect(times.all()).toEqual({ age: [10, 20, 30], 'typed before it was seen': [0, 30, 30] });
});

test('what was noted before a reload stays', () => {
  const times = itemTimes({ age: [1, 2, 3] }, () => 9);
  times.shown('age');
  times.changed('age');
  expect(times.all()).toEqual({ age: [1, 2, 9] });
});
