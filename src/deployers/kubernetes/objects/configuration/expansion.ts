/**
 * Escapes text for `env[].value`, `command`, `args` and commands of probes: the kubelet expands `$(NAME)` there and
 * turns `$$` into `$`. Doubling every `$` gives the container exactly this text.
 */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}
