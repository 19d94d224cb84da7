/** Of the client library only this: a module of its own, as what is imported as a whole is bundled as a whole. */
export { Exec } from '@kubernetes/client-node';
