import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

const root = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const alias = {
  '@farcall/kernel-bridge/wire': root('kernel-bridge/src/wire/index.ts'),
  '@farcall/kernel-bridge/notebook': root('kernel-bridge/src/notebook.ts'),
};
/** JupyterLab's icons are SVG files imported as strings. */
const svgAsText = {
  name: 'svg-as-text',
  enforce: 'pre' as const,
  load(id: string): string | undefined {
    const file = id.split('?')[0] ?? '';
    return file.endsWith('.svg') ? `export default ${JSON.stringify(readFileSync(file, 'utf8'))}` : undefined;
  },
};

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'node',
          environment: 'node',
          include: [
            'test/kernel-bridge/**/*.test.ts',
            'test/runtime/**/*.test.ts',
            'test/simulation/**/*.test.ts',
            'test/security/**/*.test.ts',
          ],
          testTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        plugins: [svgAsText],
        test: {
          name: 'browser',
          environment: 'jsdom',
          css: false,
          include: ['test/extension/**/*.test.{ts,tsx}'],
          setupFiles: ['test/extension/setup.ts'],
          server: { deps: { inline: [/@jupyterlab\//, /@jupyter\//] } },
          testTimeout: 60_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
