import { describe, expect, it } from 'vitest';
import { browserName, device, kbps } from '../src/device.ts';

const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36';
const safari =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18 Safari/605';
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 CriOS/141 Mobile Safari/604';

describe('a browser', () => {
  it.each([
    [chrome, 'chrome'],
    [`${chrome} Edg/141.0`, 'edge'],
    [`${chrome} OPR/120`, 'opera'],
    [safari, 'safari'],
    [iphone, 'chrome'],
    ['Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0', 'firefox'],
    ['curl/8', 'other'],
  ])('%s is %s', (agent, name) => expect(browserName(agent)).toBe(name));
});

describe('a device', () => {
  const wide = { width: 1440, height: 900 };
  it.each([
    ['a laptop', { userAgent: chrome, coarse: false, screen: wide }, 'desktop'],
    ['a phone', { userAgent: iphone, coarse: true, screen: { width: 390, height: 844 } }, 'phone'],
    [
      'a phone sideways',
      { userAgent: 'Android', coarse: true, screen: { width: 915, height: 412 } },
      'phone',
    ],
    [
      'a tablet that says it is a Mac',
      { userAgent: safari, coarse: true, screen: { width: 820, height: 1180 } },
      'tablet',
    ],
  ])('%s', (_, facts, name) => expect(device(facts)).toBe(name));
});

it('a download is as fast as its bytes, not as its question', () => {
  expect(kbps(125_000, 1_000, 0)).toBe(1_000);
  expect(kbps(125_000, 1_200, 200)).toBe(1_000);
  expect(kbps(100, 0, 50)).toBe(800); // from a cache: large, and finite
});
