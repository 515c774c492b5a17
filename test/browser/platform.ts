import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/noonmark.js', import.meta.url))

/** A platform that runs as a process of its own, as its user starts it. */
export interface RunningPlatform {
  /** `http://127.0.0.1:4000` */
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

/** Starts `noonmark server` or `noonmark dev` on a folder and waits until it answers. */
export async function startPlatform(
  verb: 'server' | 'dev',
  project: string,
  options: { readonly clock?: string; readonly port?: number } = {},
): Promise<RunningPlatform> {
  const clock = options.clock === undefined ? [] : ['--clock', options.clock]
  const args = [bin, verb, '--project', project, '--port', String(options.port ?? 0), ...clock]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<void>((done) => child.on('close', () => done()))
  let out = ''
  const url = await new Promise<string>((found, failed) => {
    const read = (chunk: Buffer): void => {
      out += chunk.toString()
      const match = /answers at (http:\/\/[\w.]+:\d+)/.exec(out)
      if (match?.[1] === undefined) return
      clearTimeout(late)
      found(match[1])
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    const late = setTimeout(() => {
      child.kill('SIGTERM')
      failed(new Error(`noonmark ${verb} does not answer: ${out}`))
    }, 120_000)
    void ended.then(() => clearTimeout(late))
    child.on('close', () => failed(new Error(`noonmark ${verb} ended: ${out}`)))
  })
  let stopping = false
  void ended.then(() => {
    if (!stopping)
      console.error(`noonmark ${verb} ended by itself (${child.exitCode ?? child.signalCode}): ${out.slice(-4000)}`)
  })
  return {
    url,
    port: Number(new URL(url).port),
    async stop() {
      stopping = true
      child.kill('SIGTERM')
      await ended
    },
  }
}
