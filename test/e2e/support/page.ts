// A notebook in the browser, as a person uses it: open, run, click, read. One Chromium for a suite, a page for a test.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

import { Card } from './card.js';
import { EMPTY_NOTEBOOK, type Lab } from './lab.js';

/** Pictures hold times and ids, so they differ at every run: the ones people look at are renewed when asked for. */
const SCREENS = fileURLToPath(
  new URL(process.env['FARCALL_SCREENS'] === '1' ? '../screens/' : '../../../.cache/screens/', import.meta.url),
);
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const THEMES = {
  light: 'JupyterLab Light',
  dark: 'JupyterLab Dark',
  contrast: 'JupyterLab Dark High Contrast',
} as const;
export type Theme = keyof typeof THEMES;
const FRONT = '.jp-NotebookPanel:not(.lm-mod-hidden)';

export async function startBrowser(): Promise<Browser> {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const executablePath = names
    .map((name) => spawnSync('which', [name]).stdout.toString().trim())
    .find((path) => path !== '');
  if (executablePath === undefined) throw new Error('no Chromium on PATH: run `npm run setup -- --browser`');
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** Opens a notebook in JupyterLab and waits for its kernel. */
export async function openNotebook(browser: Browser, lab: Lab, path: string): Promise<Notebook> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1400 }, deviceScaleFactor: 1 });
  page.setDefaultTimeout(60_000);
  const notebook = new Notebook(page);
  await notebook.goto(lab, path);
  await notebook.ready();
  return notebook;
}

/** A new notebook without cells, open with its kernel. */
export async function newNotebook(browser: Browser, lab: Lab, path: string): Promise<Notebook> {
  await writeFile(join(lab.folder, path), EMPTY_NOTEBOOK);
  return openNotebook(browser, lab, path);
}

export class Notebook {
  /** The last cell that was started without waiting for it. */
  #started: Promise<unknown> = Promise.resolve();

  constructor(readonly page: Page) {}

  async goto(lab: Lab, path: string): Promise<void> {
    await this.page.goto(`${lab.url}/lab/tree/${path}?token=${lab.token}&reset`);
  }

  /** The notebook is on the screen, whatever its kernel does. */
  async shown(): Promise<void> {
    await this.page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook').waitFor({ timeout: 120_000 });
  }

  /** The notebook is shown and its kernel is idle. */
  async ready(): Promise<void> {
    await this.shown();
    await this.page.waitForFunction(
      () => {
        const { shell } = (globalThis as unknown as { jupyterapp: { shell: { currentWidget: unknown } } }).jupyterapp;
        const panel = shell.currentWidget as { sessionContext?: { session?: { kernel?: { status: string } } } } | null;
        return panel?.sessionContext?.session?.kernel?.status === 'idle';
      },
      undefined,
      { timeout: 120_000 },
    );
  }

  /** Runs a JupyterLab command. */
  async command(id: string, args: Record<string, unknown> = {}): Promise<void> {
    await this.page.evaluate(
      async ([name, given]) => {
        const { jupyterapp } = globalThis as unknown as {
          jupyterapp: { commands: { execute(id: string, args: unknown): Promise<unknown> } };
        };
        await jupyterapp.commands.execute(name, given);
      },
      [id, args] as const,
    );
  }

  async useTheme(theme: Theme): Promise<void> {
    await this.command('apputils:change-theme', { theme: THEMES[theme] });
    await this.page.locator(`body[data-jp-theme-name="${THEMES[theme]}"]`).waitFor({ state: 'attached' });
    await this.drawn();
  }

  /** Everything that was to be drawn is on the screen: views draw in the frame after they hear of something. */
  async drawn(): Promise<void> {
    await this.page.evaluate(async () => {
      for (let frame = 0; frame < 3; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
    });
  }

  /** Brings a panel at the side to the front. */
  async showPanel(id: string): Promise<void> {
    await this.page.evaluate((name) => {
      const { jupyterapp } = globalThis as unknown as { jupyterapp: { shell: { activateById(id: string): void } } };
      jupyterapp.shell.activateById(name);
    }, id);
  }

  /** Starts running without waiting for the end. */
  startAll(): void {
    void this.command('notebook:run-all-cells').catch(() => undefined);
  }

  /** The n-th cell, from 0. JupyterLab attaches cells lazily, so it is scrolled into view first. */
  async cell(index: number): Promise<Locator> {
    const cell = this.page.locator(`${FRONT} .jp-Cell[data-windowed-list-index="${index}"]`);
    await cell.waitFor({ state: 'attached', timeout: 60_000 });
    await cell.scrollIntoViewIfNeeded();
    return cell;
  }

  /** Puts code into a new cell at the end and runs it; does not wait for the end of it. The cell's number. */
  async type(code: string): Promise<number> {
    const at = await this.#add(code);
    this.#start();
    return at;
  }

  async #add(code: string): Promise<number> {
    return this.page.evaluate((text) => {
      const { shell } = (globalThis as unknown as { jupyterapp: { shell: { currentWidget: unknown } } }).jupyterapp;
      const { content } = shell.currentWidget as {
        content: {
          model: { sharedModel: { cells: unknown[]; addCell(cell: unknown): void } };
          activeCellIndex: number;
        };
      };
      content.model.sharedModel.addCell({ cell_type: 'code', source: text, metadata: { trusted: true } });
      content.activeCellIndex = content.model.sharedModel.cells.length - 1;
      return content.activeCellIndex;
    }, code);
  }

  /**
   * Runs code in a new cell at the end, to its end; for what follows to rely on it. A cell before it that fails, or is
   * interrupted, would take along what waits behind it: its end is waited for. That the kernel is idle says less: between
   * two awaits of a cell it is, too.
   */
  async run(code: string): Promise<void> {
    await this.#started;
    await this.#add(code);
    if (!(await this.#runCell())) throw new Error(`the cell did not run to its end:\n${code}`);
  }

  #start(): void {
    this.#started = this.#runCell().catch(() => undefined);
  }

  /** Runs the active cell. Whether it went well. */
  #runCell(): Promise<boolean> {
    return this.page.evaluate(async () => {
      const { jupyterapp } = globalThis as unknown as {
        jupyterapp: { commands: { execute(id: string): Promise<boolean> } };
      };
      return jupyterapp.commands.execute('notebook:run-cell');
    });
  }

  /** Runs code in a new cell at the end, and gives the card that it shows. */
  async map(code: string): Promise<Card> {
    return new Card(await this.cell(await this.type(code)));
  }

  /** Runs the active cell again, such as one that a button inserted; its number. */
  async runActive(): Promise<number> {
    const at = await this.active();
    this.#start();
    return at;
  }

  /** The number of the active cell. */
  async active(): Promise<number> {
    return this.page.evaluate(() => {
      const { shell } = (globalThis as unknown as { jupyterapp: { shell: { currentWidget: unknown } } }).jupyterapp;
      return (shell.currentWidget as { content: { activeCellIndex: number } }).content.activeCellIndex;
    });
  }

  /** Restarts the kernel as the menu does, without its question. */
  async restartKernel(): Promise<void> {
    await this.#kernel('restartKernel');
    await this.ready();
  }

  async kernelId(): Promise<string> {
    return this.page.evaluate(() => {
      const { shell } = (globalThis as unknown as { jupyterapp: { shell: { currentWidget: unknown } } }).jupyterapp;
      const panel = shell.currentWidget as { sessionContext: { session: { kernel: { id: string } } } };
      return panel.sessionContext.session.kernel.id;
    });
  }

  /** Uses the kernel of another notebook, as the kernel's menu offers. */
  async joinKernel(kernelId: string): Promise<void> {
    await this.page.evaluate(async (id) => {
      const { shell } = (globalThis as unknown as { jupyterapp: { shell: { currentWidget: unknown } } }).jupyterapp;
      const panel = shell.currentWidget as {
        sessionContext: { changeKernel(options: { id: string }): Promise<unknown> };
      };
      await panel.sessionContext.changeKernel({ id });
    }, kernelId);
    await this.ready();
  }

  async shutdownKernel(): Promise<void> {
    await this.#kernel('shutdown');
  }

  async #kernel(method: 'restartKernel' | 'shutdown'): Promise<void> {
    await this.page.evaluate(async (name) => {
      const { shell } = (globalThis as unknown as { jupyterapp: { shell: { currentWidget: unknown } } }).jupyterapp;
      const panel = shell.currentWidget as { sessionContext: Record<string, () => Promise<void>> };
      await panel.sessionContext[name]?.();
    }, method);
  }

  async save(): Promise<void> {
    await this.command('docmanager:save');
  }

  async screenshot(name: string, theme: Theme, of?: Locator): Promise<void> {
    mkdirSync(SCREENS, { recursive: true });
    await this.page.mouse.move(0, 0);
    await this.drawn();
    await (of ?? this.page).screenshot({ path: `${SCREENS}${name}-${theme}.png`, animations: 'disabled' });
  }

  /** The same picture in several themes; light is back afterwards. */
  async screenshots(name: string, of: Locator, themes: readonly Theme[] = ['light', 'dark']): Promise<void> {
    for (const theme of themes) {
      if (theme !== 'light') await this.useTheme(theme);
      await this.screenshot(name, theme, of);
    }
    if (themes.at(-1) !== 'light') await this.useTheme('light');
  }
}
