/** Runs `bin/noonmark.js` as its user does: in processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/noonmark.js', import.meta.url))

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

/** Runs a command in a project and waits for its end. */
export function noonmark(folder: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    const [out, error] = [textOf(child.stdout), textOf(child.stderr)]
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out: out(), error: error() }))
  })
}

/** Runs a command that has to succeed, and reads the JSON that it prints. */
export async function noonmarkJson<T>(folder: string, args: readonly string[]): Promise<T> {
  const { code, out, error } = await noonmark(folder, [...args, '--json'])
  if (code !== 0) throw new Error(`noonmark ${args.join(' ')} ended with ${code}:\n${out}\n${error}`)
  return JSON.parse(out) as T // the caller names what the command prints
}

/** What `.noonmark/server.json` says of a running server. */
export interface ServerFile {
  readonly url: string
  readonly pid: number
  readonly roles: Readonly<Record<'writer' | 'worker' | 'serve', number | undefined>>
}

/** An answer over HTTP. */
export interface Answer<T> {
  readonly status: number
  readonly json: T
}

/** A server that was started by `noonmark server` or `noonmark dev`. */
export interface RunningServer {
  readonly url: string
  /** What it printed so far. */
  output(): string
  /** The file that names its processes, as it is now. */
  file(): ServerFile
  post<T>(path: string, body: unknown): Promise<Answer<T>>
  put<T>(path: string, body: unknown): Promise<Answer<T>>
  get<T>(path: string): Promise<Answer<T>>
  /** Ends it as Ctrl-C does, and waits. */
  stop(): Promise<number | null>
  /** Kills the process that was started, and nothing else. */
  kill(): Promise<void>
}

/** Starts a server on a port of the system's choice, and waits until it answers. */
export async function startServer(
  folder: string,
  args: readonly string[] = [],
  verb: 'server' | 'dev' = 'server',
): Promise<RunningServer> {
  const child = spawn(process.execPath, [bin, verb, '--port', '0', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, error] = [textOf(child.stdout), textOf(child.stderr)]
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const output = (): string => out() + error()
  await Promise.race([
    answering(child, out),
    ended.then((code) => {
      throw new Error(`the server ended with ${code}:\n${output()}`)
    }),
  ])
  const file = (): ServerFile => JSON.parse(readFileSync(join(folder, '.noonmark/server.json'), 'utf8'))
  const { url } = file()
  const client = new Client(url)
  return {
    url,
    output,
    file,
    post: (path, body) => client.send('POST', path, body),
    put: (path, body) => client.send('PUT', path, body),
    get: (path) => client.send('GET', path, undefined),
    async stop() {
      client.close()
      child.kill('SIGTERM')
      return ended
    },
    async kill() {
      client.close()
      child.kill('SIGKILL')
      await new Promise((resolve) =>
        (child.exitCode ?? child.signalCode) !== null ? resolve(null) : child.once('exit', resolve),
      )
    },
  }
}

async function answering(child: ChildProcess, out: () => string): Promise<void> {
  while (!out().includes(' answers at ') && child.exitCode === null) await sleep(20)
}

/** JSON over connections that are kept. Rejects where no answer came. */
class Client {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  send<T>(method: string, path: string, body: unknown): Promise<Answer<T>> {
    return new Promise((resolve, reject) => {
      const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
      const headers = body === undefined ? {} : { 'content-type': 'application/json' }
      const call = request(`${this.#url}${path}`, { method, agent: this.#agent, headers }, (response) => {
        const answer = textOf(response)
        response.on('error', reject)
        response.on('aborted', () => reject(new Error('the answer broke off')))
        response.on('end', () => {
          try {
            resolve({ status: response.statusCode ?? 0, json: JSON.parse(answer()) as T }) // as above
          } catch (cause) {
            reject(new Error(`${method} ${path} answered no JSON: ${answer()}`, { cause }))
          }
        })
      })
      call.on('error', reject)
      call.end(text)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Waits until something holds; fails with what was awaited. */
export async function until(
  what: string | (() => string),
  holds: () => boolean | Promise<boolean>,
  patienceMs = 30_000,
): Promise<void> {
  const started = performance.now()
  while (!(await holds())) {
    if (performance.now() - started > patienceMs)
      throw new Error(`waited in vain for ${typeof what === 'string' ? what : what()}`)
    await sleep(20)
  }
}

/** Waits until a server takes everything, events too. */
export function allReady(server: RunningServer): Promise<void> {
  return until('the server', async () => {
    const answer = await server.get<{ status: string }>('/health/ready').catch(() => null)
    return answer?.json.status === 'ready'
  })
}

/** Collects the text of a stream. */
function textOf(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}
