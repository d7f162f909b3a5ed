import type { BellhopEvent, EventListener, Events } from '../domain/events.ts';

/**
 * Events within this process. `publish` calls every listener before it returns, in the order of their subscription.
 * `onListenerError` is given what a listener threw: the publisher and the other listeners notice nothing of that.
 */
export function createEvents(onListenerError: (error: unknown) => void): Events {
  const listeners = new Set<EventListener>();
  return {
    publish(event: BellhopEvent) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          onListenerError(error);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
