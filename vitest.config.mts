import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

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

/** Files that take over ten seconds: begun last, they would be waited for alone. */
const LONG = ['simulation/mutants', 'operations/keeping', 'simulation/simulation', 'store/sqlite', 'store/payloads'];
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.some((part) => moduleId.includes(part));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    // Vitest would leave one core to itself: of two, that is half.
    maxWorkers: Math.max(2, availableParallelism()),
    sequence: { sequencer: LongestFirst },
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
          setupFiles: ['test/e2e/support/failed.ts'],
          // Each file has a JupyterLab and a browser of its own, and waits for one while the other works.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          // A slow machine takes its time for every step: what a test polls for is no matter of seconds.
          expect: { poll: { timeout: 60_000, interval: 100 } },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
