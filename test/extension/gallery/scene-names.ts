// The names of all scenes, for the script that photographs them.

import { SCENES } from './scenes';

export const SCENE_NAMES: readonly string[] = Object.keys(SCENES);
