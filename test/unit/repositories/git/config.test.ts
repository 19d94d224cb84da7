import { describe, expect, it } from 'vitest';
import { stallSettings } from '../../../../src/repositories/git/config.js';

describe('the limit for stalled http transfers', () => {
  it('is one byte a second for five minutes', () => {
    expect(stallSettings({ set: [] })).toEqual(['http.lowSpeedLimit=1', 'http.lowSpeedTime=300']);
  });

  it("keeps the operator's own git configuration", () => {
    expect(stallSettings({ set: ['http.lowspeedtime'] })).toEqual(['http.lowSpeedLimit=1']);
    expect(stallSettings({ set: ['http.lowspeedlimit', 'http.lowspeedtime'] })).toEqual([]);
  });
});
