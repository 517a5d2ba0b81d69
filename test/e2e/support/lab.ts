// A real JupyterLab on a folder of its own, with its own gateway home: started before a suite, ended after it by process id.

import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const JUPYTER = join(ROOT, '.venv/bin/jupyter');

/** Nothing here asks a language server; looking for them starts npm, twice. */
const NO_LANGUAGES = '--LanguageServerManager.autodetect=False';

/** A notebook with no cells, on the kernel of this environment. */
export const EMPTY_NOTEBOOK = JSON.stringify({
  cells: [],
  metadata: { kernelspec: { display_name: 'Python 3 (ipykernel)', language: 'python', name: 'python3' } },
  nbformat: 4,
  nbformat_minor: 5,
});

export interface Lab extends AsyncDisposable {
  /** The address, without a slash at the end. */
  readonly url: string;
  readonly token: string;
  /** Where its notebooks are. */
  readonly folder: string;
  /** FARCALL_HOME of its kernels. */
  readonly home: string;
}

/** The gateways' homes of those that run. */
export const homes = new Set<string>();

/** Starts JupyterLab over a copy of examples/, and waits until it answers. */
export async function startLab(): Promise<Lab> {
  const place = await mkdtemp(join(tmpdir(), 'farcall-e2e-'));
  const folder = join(place, 'notebooks');
  const home = join(place, 'home');
  await cp(join(ROOT, 'examples'), folder, { recursive: true });
  await writeSettings(join(place, 'settings'));
  const server = spawn(
    JUPYTER,
    ['lab', '--no-browser', '--allow-root', '--ServerApp.port=0', '--LabApp.expose_app_in_browser=True', NO_LANGUAGES],
    {
      cwd: folder,
      env: labEnvironment(place, home),
      stdio: 'ignore',
    },
  );
  const { url, token } = await serverInfo(join(place, 'runtime'), server);
  homes.add(home);
  return {
    url: url.replace(/\/$/, ''),
    token,
    folder,
    home,
    async [Symbol.asyncDispose](): Promise<void> {
      homes.delete(home);
      await end(server);
      await endGateway(home);
      await rm(place, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function labEnvironment(place: string, home: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    FARCALL_HOME: home,
    JUPYTER_RUNTIME_DIR: join(place, 'runtime'),
    JUPYTER_CONFIG_DIR: join(place, 'config'),
    // Which notebooks are trusted, among others.
    JUPYTER_DATA_DIR: join(place, 'data'),
    JUPYTERLAB_SETTINGS_DIR: join(place, 'settings'),
    JUPYTERLAB_WORKSPACES_DIR: join(place, 'workspaces'),
    IPYTHONDIR: join(place, 'ipython'),
    MPLCONFIGDIR: join(place, 'matplotlib'),
  };
}

/** No news, no update check: nothing outside this machine is asked. */
async function writeSettings(settings: string): Promise<void> {
  const folder = join(settings, '@jupyterlab', 'apputils-extension');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'notification.jupyterlab-settings'), '{"fetchNews": "false", "checkForUpdates": false}');
}

/** JupyterLab writes down its address once it listens. */
async function serverInfo(runtime: string, server: ChildProcess): Promise<{ url: string; token: string }> {
  for (let tries = 0; tries < 1_800; tries += 1) {
    if (server.exitCode !== null) throw new Error(`jupyter lab ended with exit code ${server.exitCode}`);
    const files = await readdir(runtime).catch(() => []);
    const file = files.find((name) => name.startsWith('jpserver-') && name.endsWith('.json'));
    const text = file === undefined ? '' : await readFile(join(runtime, file), 'utf8');
    if (text !== '') return JSON.parse(text) as { url: string; token: string };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('jupyter lab did not start within 180 s');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(timer);
}

async function endGateway(home: string): Promise<void> {
  for (const name of ['supervisor.json', 'gateway.json']) {
    const text = await readFile(join(home, name), 'utf8').catch(() => '');
    if (text === '') continue;
    const { pid } = JSON.parse(text) as { pid: number };
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // it has left already
    }
  }
}
