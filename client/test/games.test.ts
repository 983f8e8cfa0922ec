import { describe, expect, it } from 'vitest';
import { places, rounded } from '../src/admin/games.tsx';

describe('live games', () => {
  it('are told by their places where not all of them are here', () => {
    const some = Array.from({ length: 30 });
    expect(places({ from: 0, total: 30, games: some })).toBe('30 games');
    expect(places({ from: 30, total: 100, games: some })).toBe('31 to 60 of 100 games');
    expect(places({ from: 0, total: 0, games: [] })).toBe('0 games');
  });

  it('tells scores without noise', () => {
    expect([rounded(0.1 + 0.2), rounded(-1), rounded(12.3456)]).toEqual(['0.3', '-1', '12.346']);
  });
});
