import { quote } from '../../../../system/yaml/yaml.js';
import { isLabelKey, isLabelValue, labelKeyRule, labelValueRule } from './label-syntax.js';
import type { PodScope } from './scope.js';

/** Returns the spec's `labels` for the pods of a pod file or job. */
export function specLabels(scope: PodScope): Record<string, string> {
  return expanded(scope, 'labels');
}

/** Returns the spec's `annotations` for the pods of a pod file or job. */
export function specAnnotations(scope: PodScope): Record<string, string> {
  return expanded(scope, 'annotations');
}

/** Repeats keys with `{name}` for each service, with the name of its container. What the API refuses is an error. */
function expanded(scope: PodScope, section: 'labels' | 'annotations'): Record<string, string> {
  const { input, names, services, findings } = scope;
  const result: Record<string, string> = {};
  for (const [written, value] of input.spec[section]) {
    const refuse = (message: string): void => {
      findings.errors.push(input.spec.yaml.problem([section, written], message));
    };
    if (section === 'labels' && !isLabelValue(value)) {
      refuse(`${quote(value)} is not a value of a label: ${labelValueRule}`);
    }
    const keys = written.includes('{name}')
      ? services.map((service) => written.replaceAll('{name}', names.container(service.name)))
      : [written];
    for (const key of keys) {
      if (!isLabelKey(key)) refuse(`${quote(key)} is not a key for ${section}: ${labelKeyRule}`);
      result[key] = value;
    }
  }
  return result;
}
