import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where the embedded engines of a project keep their state. */
export interface Layout {
  readonly state: string
  /** The folder of noonmark.lock. */
  readonly lock: string
  readonly metadata: string
  readonly blobs: string
  readonly online: string
  readonly stream: string
  readonly offline: string
  readonly predictions: string
  readonly runs: string
  readonly temporary: string
  /** The writer's socket. A path of a socket has at most about 100 bytes, so it does not stand in the project. */
  readonly writerSocket: string
  /** The worker's socket. */
  readonly workerSocket: string
  /** Held by the one worker of the folder. */
  readonly worker: string
  /** What the running server said of itself. */
  readonly server: string
  /** What `noonmark dev` last found in the project's folder. */
  readonly folder: string
}

/** The layout of a project's folder. With a folder for its state elsewhere, nothing is ever written into the project's own. */
export function layoutOf(rootDir: string, stateDir?: string): Layout {
  const state = stateDir ?? join(rootDir, '.noonmark')
  const name = createHash('sha256').update(state).digest('hex').slice(0, 16)
  return {
    state,
    lock: stateDir ?? rootDir,
    metadata: join(state, 'metadata.sqlite'),
    blobs: join(state, 'blobs'),
    online: join(state, 'online'),
    stream: join(state, 'stream'),
    offline: join(state, 'offline'),
    predictions: join(state, 'predictions'),
    runs: join(state, 'runs'),
    temporary: join(state, 'temporary'),
    writerSocket: join(tmpdir(), `noonmark-${name}.sock`),
    workerSocket: join(tmpdir(), `noonmark-${name}-worker.sock`),
    worker: join(state, 'worker'),
    server: join(state, 'server.json'),
    folder: join(state, 'folder.json'),
  }
}
