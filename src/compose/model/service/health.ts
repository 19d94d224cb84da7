import type { Cursor } from '../cursor.js';
import type { HealthcheckModel } from '../types.js';

const keys = ['disable', 'interval', 'retries', 'test', 'timeout', 'start_period', 'start_interval'];

/** Reads a healthcheck. `test` as text is a shell command; as a list its first item names its kind. */
export function readHealthcheck(section: Cursor): HealthcheckModel | undefined {
  if (!section.checkKeys(keys)) return undefined;
  const written = section.at('test');
  const text = written?.isText ? written.text() : undefined;
  const test = text === undefined ? (written?.texts() ?? []) : ['CMD-SHELL', text];
  const [kind] = test;
  if (kind !== undefined && !['CMD', 'CMD-SHELL', 'NONE'].includes(kind)) {
    written?.refuse('must start with CMD, CMD-SHELL or NONE when it is a list');
  }
  const disabled = section.at('disable')?.boolean() ?? false;
  const model: HealthcheckModel = { disable: disabled || kind === 'NONE' };
  if (test.length > 0) model.test = test;
  for (const key of ['interval', 'timeout', 'start_period', 'start_interval'] as const) {
    const duration = section.at(key)?.duration();
    if (duration !== undefined) model[key] = duration;
  }
  const retries = section.at('retries')?.integer();
  if (retries !== undefined) model.retries = retries;
  return model;
}
