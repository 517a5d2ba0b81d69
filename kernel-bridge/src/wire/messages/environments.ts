// Environments: what an image is made of, and what a gateway and its hosts say about building it.

import type { EnvironmentId } from '../ids.js';

/** One step of an image, in order. Fields that its kind does not use are absent. */
export interface ImageStep {
  readonly do: 'install' | 'run' | 'add';
  /** install: requirements, one each. run: commands, one each. */
  readonly lines?: readonly string[];
  /** install: the index instead of the host's, and those beside it. */
  readonly index?: string;
  readonly indexes?: readonly string[];
  readonly find_links?: readonly string[];
  readonly pre?: boolean;
  /** install: further options for uv. */
  readonly options?: readonly string[];
  /** add: the SHA-256 of a tar file, which is laid out in the image's folder. */
  readonly digest?: string;
}
/** What an image is made of; its content hash is the image's id. */
export interface ImageRecipe {
  /** `im-<32 hex>`, or `im-bare-<minor>`: an interpreter of that minor and what containers need, nothing else. */
  readonly image_id: string;
  /** `3.12` */
  readonly python: string;
  readonly steps?: readonly ImageStep[];
  readonly variables?: Readonly<Record<string, string>>;
  /** Where containers work: in the image's folder, or absolute. */
  readonly workdir?: string;
  /** Makes it another image than one that is made of the same. */
  readonly salt?: string;
}
/** Gateway → supervisor. Make this image, if it is not there; again = no-op. Answered by `image.built` or `image.failed`. */
export interface ImageBuild {
  readonly type: 'image.build';
  readonly recipe: ImageRecipe;
}
/** Gateway → supervisor. Nobody waits for it any more: its build ends. An unknown id is fine. Not answered. */
export interface ImageStop {
  readonly type: 'image.stop';
  readonly image_id: string;
}
/** Supervisor → gateway. What the build does now, for whoever waits. */
export interface ImageProgress {
  readonly type: 'image.progress';
  readonly image_id: string;
  readonly says: string;
}
/** Supervisor → gateway. The image is there; with what its containers are started. */
export interface ImageBuilt {
  readonly type: 'image.built';
  readonly image_id: string;
  readonly executable: string;
  readonly cwd: string;
  readonly path: readonly string[];
  /** In front of the PATH that containers have anyway. */
  readonly bin: string;
}
/** Supervisor → gateway. It could not be made; `python`: this host has no such interpreter. */
export interface ImageFailed {
  readonly type: 'image.failed';
  readonly image_id: string;
  readonly stage: 'uv' | 'python' | 'refused' | 'resolve' | 'install' | 'run' | 'add';
  readonly detail: string;
}
/**
 * Gateway → supervisor. Images go that were not used for `seconds`, and the least recently used beyond `bytes`; never one
 * that is in `keep` or in use. `pretend`: nothing goes. Answered by `images.expired`.
 */
export interface ImagesExpire {
  readonly type: 'images.expire';
  readonly request: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly keep: readonly string[];
  readonly pretend: boolean;
}
/** Supervisor → gateway. The images that went (`pretend`: would go), and the bytes of those that are left. */
export interface ImagesExpired {
  readonly type: 'images.expired';
  readonly request: number;
  readonly images: readonly string[];
  readonly bytes: number;
}
/** Client → gateway. Which of these modules do containers of an environment find? Answered by `packages.state`. */
export interface PackagesAsk {
  readonly type: 'packages.ask';
  readonly request: number;
  readonly environment_id: EnvironmentId;
  /** Top-level names. */
  readonly modules: readonly string[];
}
/** Gateway → client. Those that are found → `distribution version`, or empty. `known` false: they are the client's own, or of an image. */
export interface PackagesState {
  readonly type: 'packages.state';
  readonly request: number;
  readonly known: boolean;
  readonly packages: Readonly<Record<string, string>>;
}

export type EnvironmentMessage =
  | ImageBuild
  | ImageStop
  | ImageProgress
  | ImageBuilt
  | ImageFailed
  | ImagesExpire
  | ImagesExpired
  | PackagesAsk
  | PackagesState;
