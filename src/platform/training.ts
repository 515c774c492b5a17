import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeModelArtifact } from '../artifact/index.ts'
import { noonmarkError } from '../errors.ts'
import { readLock, withVersion, writeLock } from '../plan/index.ts'
import type { Platform } from '../platform.ts'
import { splitLines } from '../process/supervisor.ts'
import { versionName } from '../registry/index.ts'
import { openPredictionReader } from '../serve/index.ts'
import type { TrainingPorts } from '../train/index.ts'
import { sayDamage } from './failure-lines.ts'
import { frozenSets } from './frozen-sets.ts'
import { gitState } from './git.ts'
import { loggedAsOf } from './logged-as-of.ts'

const entry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../process/run.ts' : '../process/run.js', import.meta.url),
)

/** What a training asks for, from the stores of a platform. */
export async function trainingPorts(platform: Platform): Promise<TrainingPorts> {
  const { project, rootDir, layout, registry, blobs, clock } = platform
  const { manifest, digest } = await platform.applied()
  return {
    project,
    manifest,
    manifestDigest: digest,
    engine: platform.engine(),
    registry,
    now: () => clock.now(),
    tables: (sources) => platform.tables().pin(manifest, sources),
    loggedAsOf: (moment, sources) => (moments) =>
      loggedAsOf(
        openPredictionReader(layout.predictions).read({ onDamage: sayDamage }),
        manifest.moments[moment]!,
        sources,
        moments,
      ),
    runFunction: (code, name, rows, firstRow) => platform.code().runFunction(code, name, rows, firstRow),
    runJob,
    keep: (bytes) => blobs.put(bytes),
    frozenSets: frozenSets(platform),
    runFolder: (run) => join(layout.runs, run),
    git: () => gitState(rootDir),
    environment: { node: process.versions.node, platform: `${process.platform}-${process.arch}` },
    async champion(model) {
      for (const deployment of Object.values(manifest.deployments)) {
        if (deployment.model !== model || deployment.champion === null) continue
        const version = await registry.version(deployment.champion).catch(() => null)
        if (version !== null)
          return { version: versionName(version), artifact: decodeModelArtifact(await blobs.get(version.artifact)) }
      }
      return null
    },
    async lockedNumber(model) {
      const { versions } = await readLock(layout.lock)
      return Math.max(
        0,
        ...Object.keys(versions).flatMap((pin) =>
          pin.startsWith(`${model}:`) ? [Number(pin.slice(model.length + 1))] : [],
        ),
      )
    },
    async lock(version) {
      await writeLock(layout.lock, withVersion(await readLock(layout.lock), versionName(version), version.digest))
    },
  }
}

/** Does the job of a folder in a process of its own. */
const runJob: TrainingPorts['runJob'] = (folder, { onLine, signal }) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, folder], { stdio: ['ignore', 'pipe', 'pipe'] })
    const end = (): void => {
      child.kill('SIGTERM')
    }
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    splitLines(child.stdout, onLine)
    splitLines(child.stderr, onLine)
    child.on('error', (cause) =>
      reject(noonmarkError('trainer_failed', { message: `The trainer did not start: ${cause.message}.`, cause })),
    )
    child.on('close', (code) => {
      signal.removeEventListener('abort', end)
      resolve(code ?? 1)
    })
  })
