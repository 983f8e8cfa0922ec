import { expect, test } from 'vitest';
import { belongs, crc32, zip } from '../src/admin/zip.ts';
import { bytes } from '../src/admin/format.ts';
import { completions, type Treatment } from '../src/admin/shelf.ts';

const data = (text: string) => new TextEncoder().encode(text);

test('a CRC is the one that every ZIP has', () => {
  expect(crc32(data('123456789'))).toBe(0xcbf43926);
  expect(crc32(data(''))).toBe(0);
});

test('a ZIP says of each file where it begins, how long it is and that its name is UTF-8', async () => {
  const files = [
    { name: 'study/ünd.md', data: data('two') },
    { name: 'study/a.py', data: data('one!') },
  ];
  const raw = new Uint8Array(await zip(files).arrayBuffer());
  const made = new DataView(raw.buffer);
  const text = (from: number, size: number) =>
    new TextDecoder().decode(raw.subarray(from, from + size));
  const end = raw.length - 22;
  expect(made.getUint32(end, true)).toBe(0x06054b50);
  expect(made.getUint16(end + 10, true)).toBe(2);
  let at = made.getUint32(end + 16, true);
  expect(at + made.getUint32(end + 12, true)).toBe(end);
  const found = [];
  for (let n = 0; n < 2; n++) {
    const size = made.getUint32(at + 24, true);
    const length = made.getUint16(at + 28, true);
    const from = made.getUint32(at + 42, true);
    expect(made.getUint32(from, true)).toBe(0x04034b50);
    const begin = from + 30 + made.getUint16(from + 26, true);
    expect(crc32(raw.subarray(begin, begin + size))).toBe(made.getUint32(at + 16, true));
    found.push([made.getUint16(at + 8, true), text(at + 46, length), text(begin, size)]);
    at += 46 + length;
  }
  expect(found).toEqual([
    [0x0800, 'study/a.py', 'one!'],
    [0x0800, 'study/ünd.md', 'two'],
  ]);
});

test('what tools leave in a folder is not sent', () => {
  expect(belongs('study/__pycache__/a.pyc')).toBe(false);
  expect(belongs('study/.git/HEAD')).toBe(false);
  expect(belongs('study/pages/.gitkeep')).toBe(true);
});

test('sizes are told in the unit that fits', () => {
  expect([0, 999, 1000, 7_400, 99_700, 64e6, 2e12].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '7.4 kB',
    '100 kB',
    '64 MB',
    '2.0 TB',
  ]);
});

const treatment = (name: string, wanted: number, valid: number[], mode = 'live'): Treatment => ({
  mode,
  version: '1',
  name,
  per: 'participant',
  wanted,
  over: 0,
  cells: valid.map((n, i) => ({ cell: `c${i}`, means: '', reserved: 0, valid: n })),
});

test('a study takes as many as the treatment that ends first', () => {
  const places = [
    treatment('a', 20, [5, 25]),
    treatment('b', 10, [9, 9]),
    treatment('c', 0, [70, 70]),
    treatment('d', 1, [0, 0], 'rehearsal'),
  ];
  expect(completions(places)).toEqual({ taken: 18, of: 20 });
  expect(completions([treatment('c', 0, [70, 70])])).toBeNull();
});
