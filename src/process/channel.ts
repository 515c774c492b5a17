/**
 * The local socket between the processes of a platform: calls with an answer, and announcements without one. A frame is a
 * 4-byte big-endian length and a value in V8's serialization, so that bigints, bytes and dates cross as they are.
 */
import { rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { deserialize, serialize } from 'node:v8'
import { isNoonmarkError, noonmarkError, readError, type WireError } from '../errors.ts'

type Frame =
  | { readonly call: number; readonly method: string; readonly input: unknown }
  | { readonly answer: number; readonly output: unknown }
  | { readonly answer: number; readonly error: WireError }
  | { readonly announce: string; readonly data: unknown }

const frameLimitBytes = 256 * 1024 * 1024

/** What a process answers: one function a method. */
export type Methods = Readonly<Record<string, (input: never) => unknown>>

export interface ChannelServer {
  /** Tells every connected process. */
  announce(event: string, data: unknown): void
  close(): Promise<void>
}

/** Listens on a socket path; one that a killed process left behind is replaced. */
export async function listen(
  path: string,
  methods: Methods,
  greet: () => readonly (readonly [string, unknown])[] = () => [],
): Promise<ChannelServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    for (const [announce, data] of greet()) send(socket, { announce, data })
    receive(socket, (frame) => {
      if (!('call' in frame)) return
      const { call, method, input } = frame
      Promise.resolve()
        .then(() => {
          const run = methods[method]
          if (run === undefined) throw noonmarkError('not_found', { message: `This process has no method ${method}.` })
          return run(input as never) // both ends of a method are typed where the channel is opened
        })
        .then(
          (output) => send(socket, { answer: call, output }),
          (error: unknown) => send(socket, { answer: call, error: wireError(error) }),
        )
    })
  })
  await rm(path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return {
    announce: (event, data) => {
      for (const socket of sockets) send(socket, { announce: event, data })
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface ChannelClient {
  /** Calls a method of the other process. Throws its error, or writer_unavailable (worker_unavailable) when it is not there or goes away. */
  call(method: string, input: unknown): Promise<unknown>
  readonly connected: boolean
  close(): void
}

export interface ChannelClientOptions {
  readonly onAnnounce?: (event: string, data: unknown) => void
  readonly onConnect?: () => void
  readonly onDisconnect?: () => void
  /** Who is at the other end, for messages. */
  readonly peer: 'writer' | 'worker'
}

/** Connects to a socket path and stays connected: a process that restarts is found again within a tenth of a second. */
export function dial(path: string, options: ChannelClientOptions): ChannelClient {
  const waiting = new Map<number, { resolve: (output: unknown) => void; reject: (error: unknown) => void }>()
  let next = 0
  let socket: Socket | null = null
  let closed = false
  let retry: NodeJS.Timeout | undefined

  const gone = () =>
    noonmarkError(`${options.peer}_unavailable`, { message: `The ${options.peer} process is not there.` })
  const lost = () => {
    if (socket !== null) options.onDisconnect?.()
    socket = null
    for (const { reject } of waiting.values()) reject(gone())
    waiting.clear()
    if (!closed) retry = setTimeout(open, 100)
  }
  const open = (): void => {
    const attempt = connect(path)
    attempt.on('connect', () => {
      socket = attempt
      options.onConnect?.()
    })
    attempt.on('error', () => attempt.destroy())
    attempt.on('close', lost)
    receive(attempt, (frame) => {
      if ('announce' in frame) options.onAnnounce?.(frame.announce, frame.data)
      else if ('answer' in frame) {
        const caller = waiting.get(frame.answer)
        waiting.delete(frame.answer)
        if ('error' in frame) caller?.reject(readError(frame.error))
        else caller?.resolve(frame.output)
      }
    })
  }
  open()
  return {
    get connected() {
      return socket !== null
    },
    call(method, input) {
      const target = socket
      if (target === null) return Promise.reject(gone())
      const call = next++
      return new Promise((resolve, reject) => {
        waiting.set(call, { resolve, reject })
        send(target, { call, method, input })
      })
    },
    close() {
      closed = true
      clearTimeout(retry)
      socket?.destroy()
    },
  }
}

function send(socket: Socket, frame: Frame): void {
  if (socket.destroyed) return
  const body = serialize(frame)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  socket.cork()
  socket.write(head)
  socket.write(body)
  process.nextTick(() => socket.uncork())
}

function receive(socket: Socket, onFrame: (frame: Frame) => void): void {
  let pending: Buffer[] = []
  let size = 0
  let wanted = -1
  socket.on('data', (chunk: Buffer) => {
    pending.push(chunk)
    size += chunk.length
    while (size >= (wanted < 0 ? 4 : wanted)) {
      const all: Buffer = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
      const take = wanted < 0 ? 4 : wanted
      if (wanted < 0) {
        wanted = all.readUInt32BE(0)
        if (wanted > frameLimitBytes) {
          socket.destroy()
          return
        }
      } else {
        wanted = -1
        onFrame(deserialize(all.subarray(0, take)) as Frame) // both ends are this file
      }
      pending = [all.subarray(take)]
      size -= take
    }
  })
}

function wireError(error: unknown): WireError {
  if (!isNoonmarkError(error))
    return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
  return {
    code: error.code,
    message: error.message,
    hint: error.hint,
    ...(error.path === undefined ? {} : { path: error.path }),
  }
}
