import { describe, expect, it } from 'vitest';
import { chooseTab } from '../../src/sdk/worker/choose-tab.ts';

const SITE = 'https://shop.example';
const at = (...paths: string[]) => paths.map((path) => `${SITE}${path}`);

describe('chooseTab', () => {
  it.each([
    ['the page itself', at('/', '/a', '/b'), '/b', { index: 2, isLed: false }],
    ['the page in another part', at('/', '/a#2'), '/a', { index: 1, isLed: false }],
    ['the page in another part than is meant', at('/', '/a#2'), '/a#3', { index: 1, isLed: true }],
    ['the very part before another', at('/a#2', '/a#3'), '/a#3', { index: 1, isLed: false }],
    ['the page with another query', at('/a?x=1'), '/a', { index: 0, isLed: true }],
    ['the page in use last, where none is the page', at('/b', '/c'), '/a', { index: 0, isLed: true }],
    ['a new one, where none is open', [], '/a', null],
  ])('leads to %s', (_, urls, path, expected) => {
    expect(chooseTab(urls, `${SITE}${path}`, undefined)).toEqual(expected);
    expect(chooseTab(urls, `${SITE}${path}`, 'site_tab')).toEqual(expected);
    expect(chooseTab(urls, `${SITE}${path}`, 'a word of later')).toEqual(expected);
    expect(chooseTab(urls, `${SITE}${path}`, 'new_tab')).toBeNull();
  });

  it('leaves pages alone that show something else, where it is told to', () => {
    expect(chooseTab(at('/b'), `${SITE}/a`, 'page_tab')).toBeNull();
    expect(chooseTab(at('/b', '/a#1'), `${SITE}/a`, 'page_tab')).toEqual({ index: 1, isLed: false });
  });

  it('never leads a page away from its site', () => {
    for (const other of ['https://carrier.example/1', 'http://shop.example/', 'https://shop.example:8443/']) {
      expect(chooseTab(at('/'), other, undefined)).toBeNull();
    }
  });

  it('has any page come to the front where there is nowhere to go', () => {
    expect(chooseTab(at('/b', '/c'), null, undefined)).toEqual({ index: 0, isLed: false });
    expect(chooseTab([], null, undefined)).toBeNull();
  });
});
