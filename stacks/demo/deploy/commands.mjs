/**
 * Hooks of the demo stack.
 *
 * `init` is asked when a spec is made. What it returns becomes part of the new spec.yml: here a variable whose value is
 * generated once, when the deployment is created, and kept in a file that only its owner can read.
 */
export function init() {
  return { config: { DEMO_SECRET: '$generate:hex:16$' } };
}
