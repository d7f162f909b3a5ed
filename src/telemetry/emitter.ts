import type { BellhopEvent, EventListener, Events } from '../domain/events.ts';

/**
 * Tells every listener at once, in the order they came. `onListenerError` hears of a listener that threw; nobody else
 * notices.
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
