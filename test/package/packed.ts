/** The package as a user gets it: packed, and used in folders outside of the checkout with the Node of the machine. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Without what `npm exec` adds to it: a user has neither our Node nor our tools on the path. */
export const userEnvironment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(?!config_)|^npm_config_local_prefix$|^INIT_CWD$/i.test(name),
    ),
  ),
  PATH: (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !/node_modules.\.bin|node-gyp-bin/.test(folder))
    .join(delimiter),
}

/** Runs a command and gives what it printed. Throws where it fails, with that. */
export function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, {
      cwd,
      env: userEnvironment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string } // execFileSync says so
    throw new Error(`${command} ${args.join(' ')} failed in ${cwd}:\n${stdout}\n${stderr}`)
  }
}

export function expect(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(`it does not hold: ${sentence}`)
  console.log(`ok: ${sentence}`)
}

/** Packs the build into a new folder, hands both to `use`, and deletes them. */
export async function withTarball(use: (tarball: string, folder: string) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'noonmark-package-')))
  try {
    run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], root)
    const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!)
    await use(tarball, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** A server in a process group of its own. */
export interface Background {
  readonly output: () => string
  stop(): Promise<void>
}

/** Starts a command of a shell, and waits until it answers. */
export async function startServer(command: string, cwd: string): Promise<Background> {
  const child: ChildProcess = spawn('sh', ['-c', command], {
    cwd,
    env: userEnvironment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let text = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  while (!text.includes(' answers at ')) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}:\n${text}`)
    await sleep(50)
  }
  return {
    output: () => text,
    async stop() {
      // npm passes a signal on to nobody, so the whole group gets it, as it does from a terminal.
      process.kill(-child.pid!, 'SIGINT')
      await ended
    },
  }
}
