const prefix = /^(?=.{1,253}\/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\//;
const name = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Describes the syntax of {@link isLabelKey} in messages. */
export const labelKeyRule = '[prefix/]name, with at most 63 letters, digits, "-", "_" and "."';
/** Describes the syntax of {@link isLabelValue} in messages. */
export const labelValueRule = 'at most 63 letters, digits, "-", "_" and "."';

/** Whether Kubernetes accepts this as the key of a label, an annotation or a taint. */
export function isLabelKey(text: string): boolean {
  return name.test(text.replace(prefix, ''));
}

/** Whether Kubernetes accepts this as the value of a label or a taint. */
export function isLabelValue(text: string): boolean {
  return text === '' || name.test(text);
}
