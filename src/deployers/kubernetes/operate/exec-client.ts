/** The only export used of the client library: in a module of its own, so that not the whole library is bundled. */
export { Exec } from '@kubernetes/client-node';
