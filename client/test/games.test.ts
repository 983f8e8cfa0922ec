import { describe, expect, it } from 'vitest';
import { health, rounded } from '../src/admin/games.tsx';
import type { Game } from '../src/admin/said.ts';

const game = (more: Partial<Game> = {}): Game => ({
  id: 'g',
  experiment: 'pair',
  scene: 'together',
  mode: 'live',
  seats: ['a', 'b'].map((seat) => ({ seat, session: seat, rtt_ms: 20, away: '' })),
  since_ms: 0,
  owner: 'games-1',
  generation: '1',
  paused_ms: 0,
  benched: {},
  episode: 0,
  episodes: 2,
  tick: 100,
  fps: 30,
  pace: 29.9,
  late_ms: 2,
  scores: {},
  ...more,
});

const away = (how: string) => [
  { seat: 'a', session: 'a', rtt_ms: null, away: how },
  { seat: 'b', session: 'b', rtt_ms: 20, away: '' },
];

describe('how a game goes', () => {
  it.each([
    [{}, 'good', 'well'],
    [{ pace: null }, 'good', 'well'],
    [{ fps: 0, late_ms: 500 }, 'good', 'well'],
    [{ owner: '' }, 'poor', 'waits for a worker'],
    [{ seats: away('gone') }, 'poor', 'a not connected'],
    [{ seats: away('hidden') }, 'fair', 'a looks away'],
    [{ pace: 20 }, 'poor', 'slower than declared'],
    [{ pace: 0 }, 'fair', 'stands still'],
    [{ pace: 0, paused_ms: 1 }, 'fair', 'paused by an admin'],
    [{ late_ms: 40 }, 'fair', 'ticks are late'],
    [{ generation: '3' }, 'fair', 'taken over 2 times'],
  ] as [Partial<Game>, string, string][])('%j is %s: %s', (more, kind, said) => {
    expect(health(game(more))).toEqual({ kind, said });
  });

  it('tells scores without noise', () => {
    expect([rounded(0.1 + 0.2), rounded(-1), rounded(12.3456)]).toEqual(['0.3', '-1', '12.346']);
  });
});
