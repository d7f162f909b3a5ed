import type { Server, Socket } from 'node:net';

export type SocketTracker = {
  /** Connections accepted so far. */
  count(): number;
  /** Settles when none is open. */
  noneOpen(): Promise<void>;
  destroyAll(): void;
};

/** Follows a server's TCP connections, which `server.close()` alone would wait for. */
export function trackSockets(server: Server): SocketTracker {
  const open = new Set<Socket>();
  let accepted = 0;
  let waiting: (() => void)[] = [];
  const settle = (): void => {
    for (const resolve of waiting) resolve();
    waiting = [];
  };

  server.on('connection', (socket: Socket) => {
    accepted += 1;
    open.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      if (open.size === 0) settle();
    });
  });

  return {
    count: () => accepted,
    noneOpen: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    destroyAll() {
      for (const socket of open) socket.destroy();
    },
  };
}
