import { describe, expect, it } from 'vitest';
import { createEvents } from '../../src/telemetry/emitter.ts';
import { sampleEvent } from './sample-events.ts';

const EVENT = sampleEvent('subscription.deleted');

describe('events', () => {
  it('reach every listener before the publisher goes on, in the order of subscription', () => {
    const heard: string[] = [];
    const events = createEvents(() => {});
    events.subscribe(({ type }) => heard.push(`first ${type}`));
    events.subscribe(({ type }) => heard.push(`second ${type}`));
    events.publish(EVENT);
    expect(heard).toEqual(['first subscription.deleted', 'second subscription.deleted']);
  });

  it('reach the others where a listener throws, and the publisher notices nothing', () => {
    const [errors, heard] = [[] as unknown[], [] as unknown[]];
    const fault = new Error('a fault of the listener');
    const events = createEvents((error) => errors.push(error));
    events.subscribe(() => {
      throw fault;
    });
    events.subscribe((event) => heard.push(event));
    events.publish(EVENT);
    expect([errors, heard]).toEqual([[fault], [EVENT]]);
  });

  it('do not reach one that has unsubscribed, and doing so twice is harmless', () => {
    const heard: unknown[] = [];
    const events = createEvents(() => {});
    const unsubscribe = events.subscribe((event) => heard.push(event));
    unsubscribe();
    unsubscribe();
    events.publish(EVENT);
    expect(heard).toEqual([]);
  });
});
