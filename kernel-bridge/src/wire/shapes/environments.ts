// Fields of the messages of ../messages/environments.ts.

import type { EnvironmentMessage } from '../messages/environments.js';
import type { Shapes } from './kinds.js';

export const ENVIRONMENTS: Shapes<EnvironmentMessage> = {
  'image.build': { recipe: 'map' },
  'image.stop': { image_id: 'text' },
  'image.progress': { image_id: 'text', says: 'text' },
  'image.built': { image_id: 'text', executable: 'text', cwd: 'text', path: 'list', bin: 'text' },
  'image.failed': { image_id: 'text', stage: 'text', detail: 'text' },
  'images.expire': { request: 'int', seconds: 'number', bytes: 'number', keep: 'list', pretend: 'flag' },
  'images.expired': { request: 'int', images: 'list', bytes: 'number' },
  'packages.ask': { request: 'int', environment_id: 'text', modules: 'list' },
  'packages.state': { request: 'int', known: 'flag', packages: 'map' },
};
