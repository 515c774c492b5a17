import { access, constants, readFile, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { errorBody, isNoonmarkError, noonmarkError, pathInFile } from '../errors.ts'
import { formatPlace, placeOfError } from '../plan/index.ts'
import type { Platform } from '../platform.ts'
import { formatInstant } from '../values/index.ts'
import { layoutOf } from './layout.ts'
import { checkBlobs, checkMetadata, checkOnline, checkPredictions, checkStream } from './store-health.ts'

/** One thing that was looked at. */
export interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
  /** Where and how to mend what is not well. */
  readonly at: string | null
  readonly mend: string | null
}

/** What a doctor looks at. */
export interface Examination {
  readonly rootDir: string
  readonly port: number
  /** Opens the platform of the folder; it is closed here. */
  readonly open: () => Promise<Platform>
  readonly onProgress: (label: string, done: number, total: number) => void
}

const leastFreeBytes = 1024 ** 3
/** A clock that lies this far behind what was stamped with it has jumped back. */
const toleranceMs = 5_000

/** Looks at machine, folder, stores and project; each finding stands for itself, and nothing is changed. */
export async function examine({ rootDir, port, open, onProgress }: Examination): Promise<readonly Finding[]> {
  const found: Finding[] = []
  const layout = layoutOf(rootDir)
  let files: Readonly<Record<string, string>> = {}
  const look = async (check: string, work: () => Promise<string> | string): Promise<boolean> => {
    onProgress(check, 0, 0)
    try {
      found.push({ check, ok: true, detail: await work(), at: null, mend: null })
      return true
    } catch (error) {
      const { message, hint } = errorBody(error).error
      const path = isNoonmarkError(error) ? error.path : undefined
      const place =
        path === undefined ? '' : formatPlace(await placeOfError({ path: pathInFile(files, path) }, rootDir))
      found.push({ check, ok: false, detail: message, at: place === '' ? null : place, mend: hint })
      return false
    }
  }
  await look('node', nodeVersion)
  await look('disk', () => freeSpace(rootDir))
  await look('folder', () => writable(rootDir))
  await look('port', () => portState(port, layout.server))
  await look('metadata', () => checkMetadata(layout))
  await look('stream', () => checkStream(layout))
  await look('online', () => checkOnline(layout))
  await look('log', () => checkPredictions(layout))
  let platform: Platform | undefined
  const opened = await look('project', async () => {
    platform = await open()
    const { manifest } = await platform.build()
    files = manifest.files
    const applied = await platform.applied().catch((error: unknown) => {
      if (isNoonmarkError(error) && error.code === 'project_not_applied') return null
      throw error
    })
    const { sources, featureViews, models } = manifest
    const counts = [sources, featureViews, models].map((kind) => Object.keys(kind).length)
    return `${platform.project}: ${counts[0]} sources, ${counts[1]} feature views, ${counts[2]} models; ${applied === null ? 'not applied yet' : `revision ${applied.revision} applied`}`
  })
  const here = platform
  if (here === undefined) return found
  try {
    await look('clock', () => clockState(here))
    await look('blobs', () => checkBlobs(here.blobs, onProgress))
    if (opened) await look('data', () => dataState(here))
  } finally {
    await here.close()
  }
  return found
}

function nodeVersion(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 18))
    throw noonmarkError('machine_unfit', {
      message: `Node ${process.versions.node} is too old.`,
      hint: 'Run noonmark through `npm run` or `npm exec` in a project with the devDependency node, or install Node 24.',
    })
  return `${process.versions.node} on ${process.platform}-${process.arch}`
}

async function freeSpace(rootDir: string): Promise<string> {
  const { bavail, bsize } = await statfs(rootDir)
  const bytes = bavail * bsize
  if (bytes < leastFreeBytes)
    throw noonmarkError('machine_unfit', {
      message: `${Math.round(bytes / 1024 ** 2)} MiB are free where the project lies.`,
      hint: 'Free at least 1 GiB: logs and training sets are written there.',
    })
  return `${Math.round(bytes / 1024 ** 3)} GiB free`
}

async function writable(rootDir: string): Promise<string> {
  await access(rootDir, constants.W_OK).catch((cause: unknown) => {
    throw noonmarkError('machine_unfit', {
      message: `${rootDir} cannot be written.`,
      hint: 'Give the user that runs Noonmark the right to write there: its state lies in .noonmark/.',
      cause,
    })
  })
  return rootDir
}

/** Whether the port is free, or taken by the server of this very folder; a server that is gone must not be said to run. */
async function portState(port: number, serverFile: string): Promise<string> {
  const text = await readFile(serverFile, 'utf8').catch(() => null)
  const server: { readonly url: string; readonly pid: number } | null = text === null ? null : JSON.parse(text)
  if (server !== null && !runs(server.pid))
    throw noonmarkError('server_not_running', {
      message: `${serverFile} names a server that does not run any more.`,
      hint: `Delete ${serverFile}, or start the server again.`,
    })
  if (server !== null && Number(new URL(server.url).port) === port)
    return `${port} is where the server of this folder answers`
  await new Promise<void>((resolve, reject) => {
    const probe = createServer()
    probe.once('error', () =>
      reject(noonmarkError('port_in_use', { message: `Another process listens on port ${port}.` })),
    )
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
  return port === 0 ? 'any port will do' : `${port} is free`
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** The machine's clock against what was stamped with it before. */
async function clockState({ applied, rootDir }: Platform): Promise<string> {
  const nowMs = Date.now()
  const stamps: number[] = []
  const manifest = await applied().catch(() => null)
  if (manifest !== null) stamps.push(manifest.appliedAtMs)
  const written = await stat(layoutOf(rootDir).metadata).catch(() => null)
  if (written !== null) stamps.push(written.mtimeMs)
  const latest = Math.max(...stamps, 0)
  if (latest > nowMs + toleranceMs)
    throw noonmarkError('machine_unfit', {
      message: `The clock says ${formatInstant(nowMs)}, and something here was written at ${formatInstant(Math.floor(latest))}.`,
      hint: 'Set the clock (a time service does it), or wait until it has caught up: times never go back here. A project on a replay clock may be ahead.',
    })
  return `${formatInstant(nowMs)}, ${Intl.DateTimeFormat().resolvedOptions().timeZone}; everything here was written before`
}

async function dataState(platform: Platform): Promise<string> {
  const { manifest } = await platform.build()
  let rows = 0
  let files = 0
  for (const source of Object.values(manifest.sources)) {
    if (source.history === null) continue
    const version = await platform.engine().listHistory(source, { rootDir: platform.rootDir, cutoverMs: null })
    rows += version.files.reduce((sum, file) => sum + file.rows, 0)
    files += version.files.length
  }
  return `${rows} rows of history in ${files} file${files === 1 ? '' : 's'} can be read`
}
