/**
 * Text as it must stand in `env[].value`, `command`, `args` and the commands of probes: the kubelet expands `$(NAME)`
 * there and makes `$$` one `$`, whichever the text around it is. Doubling every `$` gives the container exactly this
 * text.
 */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}
