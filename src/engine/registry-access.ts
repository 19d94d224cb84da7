import { ask, type Engine } from './connect.js';
import type { EngineLogin } from './image-transfer.js';

/**
 * Asks a registry, through the engine, whether it accepts a login.
 * @throws LaconicError with the engine's message, also if the registry cannot be reached
 */
export async function checkLogin(engine: Engine, login: EngineLogin): Promise<void> {
  await ask(engine, `cannot check the login at ${login.serveraddress}`, () => engine.docker.checkAuth(login));
}

/**
 * Asks a registry, through the engine and without a login, for an image.
 * @throws LaconicError with the engine's message, also if there is no such image
 */
export async function askRegistry(engine: Engine, image: string): Promise<void> {
  await ask(engine, `cannot look up ${image} in its registry`, () => engine.docker.getImage(image).distribution());
}
