import { describe, expect, it } from 'vitest';
import { Outgoing, type Letter } from '../src/mail/outgoing.ts';
import type { Refused } from '../src/wire.gen.ts';
import { random } from './random.ts';

const say = (count: number): Letter => ({ event: 'say', payload: { game: 'g', count, text: 'x' } });
const refusal = (code: string): Refused => ({ code, text: '', hint: '' });
const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A server that is told what to answer; 'silence' is no answer, 'lost' is done but unheard. */
class Server {
  heard: number[] = [];
  online = true;
  answers: (Refused | null | 'silence' | 'lost')[] = [];
  settled: [number, string | null][] = [];
  stored: Letter[] | null = null;

  box(): Outgoing {
    const count = (letter: Letter) => (letter.payload as { count: number }).count;
    const isOnline = () => this.online;
    const box = new Outgoing(
      {
        get online() {
          return isOnline();
        },
        send: async (letter: Letter) => {
          const answer = this.answers.length > 0 ? this.answers.shift() : null;
          if (answer !== 'silence') this.heard.push(count(letter));
          if (answer === 'silence' || answer === 'lost') throw new Error('no answer');
          return answer ?? null;
        },
        pause: async () => void (await tick()),
      },
      (letter, answer) => this.settled.push([count(letter), answer?.code ?? null]),
    );
    box.open({
      read: () => this.stored,
      write: (letters) => void (this.stored = structuredClone(letters)),
      forget: () => void (this.stored = null),
    });
    return box;
  }
}

describe('what must reach the server', () => {
  it('is sent in order, each once it was acknowledged', async () => {
    const server = new Server();
    const box = server.box();
    await Promise.all([box.put(say(1)), box.put(say(2)), box.put(say(3))]);
    expect(server.heard).toEqual([1, 2, 3]);
    expect(server.stored).toEqual([]);
  });

  it('waits for a connection and survives a reload', async () => {
    const server = new Server();
    server.online = false;
    void server.box().put(say(1));
    await tick();
    expect(server.heard).toEqual([]);
    const reloaded = server.box();
    expect(reloaded.all('say')).toHaveLength(1);
    server.online = true;
    await reloaded.flush();
    expect(server.heard).toEqual([1]);
    expect(server.settled).toEqual([[1, null]]);
  });

  it('is not said twice by a second click', async () => {
    const server = new Server();
    const box = server.box();
    const [first, second] = [box.put(say(1)), box.put(say(1))];
    expect(await first).toBe(await second);
    expect(server.heard).toEqual([1]);
  });

  it('is said again while the server is busy, and given up where it says no', async () => {
    const server = new Server();
    server.answers = ['silence', refusal('unavailable'), 'lost', null, refusal('bad_message')];
    const box = server.box();
    expect(await box.put(say(1))).toBeNull();
    expect((await box.put(say(2)))?.code).toBe('bad_message');
    expect(server.stored).toEqual([]);
    expect(server.settled).toEqual([
      [1, null],
      [2, 'bad_message'],
    ]);
  });

  it('arrives at least once and never out of order on any network', async () => {
    const rnd = random(5);
    const fates = ['silence', 'lost', null, refusal('too_much')] as const;
    for (let round = 0; round < 100; round++) {
      const server = new Server();
      server.answers = Array.from({ length: 25 }, () => fates[Math.floor(rnd() * 4)] ?? null);
      const box = server.box();
      await Promise.all([1, 2, 3, 4, 5].map((count) => box.put(say(count))));
      expect([...new Set(server.heard)]).toEqual([1, 2, 3, 4, 5]);
      expect(server.heard).toEqual([...server.heard].sort((a, b) => a - b));
    }
  });
});
