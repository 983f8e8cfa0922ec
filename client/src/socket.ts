/**
 * The one door to Socket.IO: typed events in, typed events out. Knows no screen.
 *
 * Nothing is queued for later: what matters is asked again (`ask`) or kept by whoever says it
 * (`once`, see mail/outgoing.ts), and the rest is dropped while there is no connection (`tell`).
 */

import { io, type Socket } from 'socket.io-client';
import * as parser from 'socket.io-msgpack-parser';
import type { Letter } from './mail/outgoing.ts';
import type { FromBrowser, FromServer, Probe, Probed, Refused } from './wire.gen.ts';

/** What the server gave as the reason for not letting us in. */
export type Refusal = Partial<Refused>;

export interface Link {
  readonly online: boolean;
  /** Counts connections, from 1: what was arranged on an earlier one has to be done again. */
  readonly connection: number;
  /** Send; true if there was a connection to send it on. */
  tell<E extends keyof FromBrowser>(event: E, payload: FromBrowser[E]): boolean;
  /** Send, wait for the verdict (null: done), and send again where none comes. */
  ask<E extends 'ready' | 'here'>(event: E, payload: FromBrowser[E]): Promise<Refused | null>;
  /** Send on this connection and wait for the verdict; rejects where none comes. */
  once(letter: Letter): Promise<Refused | null>;
  probe(payload: Probe): Promise<Probed | null>;
  on<E extends keyof FromServer>(event: E, handler: (payload: FromServer[E]) => void): void;
  open(): void;
  close(): void;
  /** Connect anew: something was lost on this connection. */
  again(): void;
}

export interface Handlers {
  /** Called before every attempt. */
  auth(): Record<string, unknown>;
  online(): void;
  offline(): void;
  refused(why: Refusal): void;
}

const ANSWER_MS = 6_000; // an answer that takes longer will not come
const TRIES = 4;

export function link(handlers: Handlers): Link {
  const socket: Socket = io({
    path: '/socket.io',
    transports: ['websocket'],
    parser,
    auth: (give) => give(handlers.auth()),
    autoConnect: false,
    reconnectionDelay: 150, // a web worker that dies is replaced in less than a second
    reconnectionDelayMax: 1_000, // with half of it at random, so that not all come at once
    timeout: 8_000,
  });

  let closed = true;
  const open = (): void => {
    closed = false;
    socket.connect();
  };

  let connection = 0;
  socket.on('connect', () => {
    connection++;
    handlers.online();
  });
  socket.on('disconnect', (reason) => {
    if (closed) return;
    handlers.offline();
    // Socket.IO does not come back by itself after being asked to leave.
    if (reason === 'io server disconnect') setTimeout(() => closed || open(), 500);
  });
  socket.on('connect_error', (error: Error & { data?: Refusal }) => {
    handlers.offline();
    if (!socket.active) handlers.refused(error.data ?? {});
  });

  const once = <A>(event: string, payload: unknown): Promise<A> =>
    new Promise((resolve, reject) => {
      socket.timeout(ANSWER_MS).emit(event, payload, (error: unknown, answer: A) => {
        if (error) reject(new Error(`no answer to ${event}`));
        else resolve(answer);
      });
    });

  return {
    get online() {
      return socket.connected;
    },
    get connection() {
      return connection;
    },
    tell(event, payload) {
      if (socket.connected) socket.emit(event, payload);
      return socket.connected;
    },
    async ask(event, payload) {
      for (let attempt = 1; ; attempt++) {
        try {
          return (await once<Refused | null | undefined>(event, payload)) ?? null;
        } catch (error) {
          if (attempt === TRIES) throw error;
        }
      }
    },
    async once({ event, payload }) {
      return (await once<Refused | null | undefined>(event, payload)) ?? null;
    },
    async probe(payload) {
      return once<Probed>('probe', payload).catch(() => null);
    },
    on(event, handler) {
      socket.on(event as string, handler as (payload: unknown) => void);
    },
    open,
    close() {
      closed = true;
      socket.disconnect();
    },
    again() {
      closed = true;
      socket.disconnect();
      open();
    },
  };
}
