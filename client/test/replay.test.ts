import { describe, expect, it } from 'vitest';
import { Decoder, Encoder } from 'socket.io-msgpack-parser';
import { Playing, type Told } from '../src/admin/playing.ts';
import { Reel, unpacked as read } from '../src/admin/reel.ts';
import { loudest } from '../src/admin/strips.tsx';
import type { Frame } from '../src/wire.gen.ts';

/** Under Node the parser takes Node's buffers; a browser's takes an ArrayBuffer as it is. */
class OfNode extends Decoder {
  override add(raw: ArrayBuffer): void {
    const node = globalThis as unknown as { Buffer: { from(raw: ArrayBuffer): unknown } };
    super.add(node.Buffer.from(raw));
  }
}
const unpacked = (raw: ArrayBuffer): Frame[] => read(raw, new OfNode());

const array = (tick: number, base: number): unknown[] => [
  'g', 1, 0, tick, 0, base, [], [tick, { 0: 1 }], [], null,
]; // prettier-ignore

/** A piece as the server sends it: packets behind their lengths. */
function piece(first: number, last: number): ArrayBuffer {
  const packets: Uint8Array[] = [];
  for (let tick = first; tick <= last; tick++) {
    const data = ['frame', array(tick, tick === first ? -1 : tick - 1)];
    const [raw] = new Encoder().encode({ type: 2, data, nsp: '/' }) as unknown as [ArrayBuffer];
    packets.push(new Uint8Array(raw));
  }
  const whole = new Uint8Array(packets.reduce((sum, one) => sum + 4 + one.length, 0));
  let at = 0;
  for (const one of packets) {
    new DataView(whole.buffer).setUint32(at, one.length, true);
    whole.set(one, at + 4);
    at += 4 + one.length;
  }
  return whole.buffer;
}

const ticks = (frames: readonly Frame[] | undefined) => frames?.map((frame) => frame.tick);

/** Pieces of ten ticks, and how often each was asked for. */
function reel(count = 20): { made: Reel; asked: number[] } {
  const asked: number[] = [];
  const firsts = Array.from({ length: count }, (_, n) => n * 10);
  const made = new Reel(firsts, (n) => {
    asked.push(n);
    return n === 13
      ? Promise.reject(new Error('gone'))
      : Promise.resolve(unpacked(piece(n * 10, n * 10 + 9)));
  });
  return { made, asked };
}

describe('a reel', () => {
  it('reads frames as they came over a socket', () => {
    expect(unpacked(piece(3, 5)).map(({ tick, base, objects }) => [tick, base, objects])).toEqual([
      [3, -1, [3, { 0: 1 }]],
      [4, 3, [4, { 0: 1 }]],
      [5, 4, [5, { 0: 1 }]],
    ]);
    expect(unpacked(new ArrayBuffer(0))).toEqual([]);
  });

  it('leads to a tick from something whole, and on across pieces', async () => {
    const { made, asked } = reel();
    expect(made.to(12)).toBeUndefined();
    await Promise.all([made.load(12), made.load(14)]);
    expect(ticks(made.to(12))).toEqual([10, 11, 12]);
    expect(made.between(18, 21)).toBeUndefined();
    await made.load(20);
    expect(ticks(made.between(18, 21))).toEqual([19, 20, 21]);
    expect(asked).toEqual([1, 2]);
  });

  it('holds a few pieces and asks again for what it let go or never got', async () => {
    const { made, asked } = reel();
    for (let n = 0; n < 12; n++) await made.load(n * 10);
    await made.load(110);
    await made.load(0);
    expect(asked.length).toBe(13);
    await expect(made.load(130)).rejects.toThrow('gone');
    await expect(made.load(130)).rejects.toThrow('gone');
    expect(asked.filter((n) => n === 13).length).toBe(2);
  });
});

describe('playing', () => {
  function player(end = 55) {
    const done: string[] = [];
    let now: Told = { tick: -1, playing: false, waits: true, trouble: '' };
    const canvas = {
      begin: () => done.push('begin'),
      hear: (frame: Frame) => done.push(`${frame.tick}`),
      catchUp: (frames: readonly Frame[]) => done.push(`to ${frames.at(-1)?.tick}`),
    };
    const made = new Playing(reel().made, canvas, 30, end, (told) => (now = told));
    return { made, done, now: () => now };
  }

  it('shows every tick in order at its time, and stops at the end', async () => {
    const { made, done, now } = player(12);
    await made.seek(0);
    made.play(true);
    for (let ms = 0; ms <= 600; ms += 33.4) {
      made.run(ms);
      await Promise.resolve();
    }
    // Pieces come in their own time: whatever way it took, the last picture is the last tick's.
    await new Promise((resolve) => setTimeout(resolve));
    for (let ms = 600; ms <= 1200; ms += 33.4) made.run(ms);
    expect(done.slice(0, 5)).toEqual(['begin', 'to 0', '1', '2', '3']);
    expect(now()).toMatchObject({ tick: 12, playing: false, waits: false });
  });

  it('does not run ahead after the tab was hidden', async () => {
    const { made, now } = player();
    await made.seek(10);
    made.play(true);
    made.run(0);
    made.run(60_000);
    expect(now().tick).toBe(17);
  });

  it('shows the moment that was asked for last, and within the film', async () => {
    const { made, done, now } = player();
    await Promise.all([made.seek(31), made.seek(12), made.seek(999)]);
    expect(done).toEqual(['begin', 'to 55']);
    await made.seek(-5);
    expect(now().tick).toBe(0);
  });

  it('says so where a piece does not come', async () => {
    const { made, now } = player(139);
    await made.seek(135);
    expect(now()).toMatchObject({ waits: false, playing: false, trouble: 'gone' });
    await made.seek(5);
    expect(now().trouble).toBe('');
  });
});

describe('a strip', () => {
  it('shows a press however short it is', () => {
    expect(loudest([0, 0, 0, 2, 0, 0], 0, 6)).toBe(2);
    expect(loudest([0, 1, 1, 2], 0, 4)).toBe(1);
    expect(loudest([0, 0], 0, 2)).toBe(0);
  });
});
