// Builds the gallery, photographs every scene in light and dark, and narrow, into the folder given (or
// .cache/gallery). For people to look at: node test/extension/gallery/shoot.mjs [folder] [scene…]

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = process.argv[2] ?? join(root, '.cache/gallery');
const wanted = process.argv.slice(3);
const WIDTHS = { wide: 860, narrow: 300 };
const THEMES = {
  light: 'theme-light-extension',
  dark: 'theme-dark-extension',
  contrast: 'theme-dark-high-contrast-extension',
};

mkdirSync(folder, { recursive: true });
const script = await bundle();
const styles = readStyles('index.css');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
for (const [theme, extension] of Object.entries(THEMES)) await shootTheme(theme, extension);
await browser.close();

async function bundle() {
  const options = {
    bundle: true,
    jsx: 'automatic',
    loader: { '.svg': 'text' },
    alias: { '@farcall/kernel-bridge/notebook': join(root, 'kernel-bridge/src/notebook.ts') },
    define: { 'process.env': '{}', 'process.argv': '[]', global: 'globalThis' },
    logLevel: 'error',
  };
  const from = (name) => join(root, 'test/extension/gallery', name);
  // A classic script, because pages opened from files may not load modules.
  await build({ ...options, entryPoints: [from('gallery.tsx')], outfile: join(folder, 'gallery.js'), format: 'iife' });
  await build({
    ...options,
    entryPoints: [from('scene-names.ts')],
    outfile: join(folder, 'scene-names.mjs'),
    format: 'esm',
  });
  return 'gallery.js';
}

function readStyles(name) {
  const text = readFileSync(join(root, 'style', name), 'utf8');
  return text.replace(/@import url\('([^']+)'\);/g, (_, imported) => readStyles(imported));
}

async function shootTheme(theme, extension) {
  const variables = readFileSync(
    join(root, '.venv/share/jupyter/lab/themes/@jupyterlab', extension, 'index.css'),
    'utf8',
  );
  const palette = readFileSync(join(root, 'node_modules/@jupyterlab/apputils/style/materialcolors.css'), 'utf8');
  const page = `<!doctype html><meta charset="utf-8"><style>${palette}\n${variables}\n${styles}
    body { margin: 0; padding: 12px; background: var(--jp-layout-color0); }</style>
    <body data-jp-theme-name="${theme}" data-jp-theme-light="${theme === 'light'}" class="jp-ThemedContainer">
    <div id="scene"></div><script src="${script}"></script></body>`;
  writeFileSync(join(folder, `${theme}.html`), page);
  const { SCENE_NAMES } = await import(pathToFileURL(join(folder, 'scene-names.mjs')).href);
  for (const scene of SCENE_NAMES.filter((name) => wanted.length === 0 || wanted.includes(name))) {
    await shoot(theme, scene, 'wide');
    if (theme === 'light') await shoot(theme, scene, 'narrow');
  }
}

async function shoot(theme, scene, width) {
  const tab = await browser.newPage({ viewport: { width: WIDTHS[width] + 24, height: 400 }, deviceScaleFactor: 2 });
  tab.on('pageerror', (error) => console.error(`${theme} ${scene}: ${error}`));
  tab.on('console', (message) => message.type() === 'error' && console.error(`${theme} ${scene}: ${message.text()}`));
  await tab.goto(`${pathToFileURL(join(folder, `${theme}.html`)).href}#${scene}`);
  await tab.waitForSelector('body[data-ready=true]', { timeout: 15_000 });
  await tab.screenshot({ path: join(folder, `${scene}-${theme}-${width}.png`), fullPage: true });
  await tab.close();
}
